"""Whether somebody's own layers are right: `python -m cnn_core.check my_layers.py`.

The file runs in a process of its own, with limits (`sandbox`); its functions are called as the course or this core calls
them (`forms`), on small cases of whole numbers (`cases`), and what they return is compared with what the core returns
(`judge`, `compare`). Of what differs, the smallest case is looked for (`shrink`), and the mistake that gives the same
numbers (`explain`). `suite` turns it round: somebody's own tests are run against functions that hold a mistake.
"""
