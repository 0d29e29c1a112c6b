"""The command on whole files: right ones pass, the course's folder is found, and a wrong one ends with its smallest case."""

import re
import shutil
from pathlib import Path

import pytest

from cnn_core.check import link
from cnn_core.check.__main__ import RIGHT, WRONG, main
from cnn_core.check.course import course_to_load
from cnn_core.mistakes import MISTAKES

STUDENTS = Path(__file__).parent / "students"
STRIDE = "rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)"


def said(capsys):
    return " ".join(capsys.readouterr().out.split())


def test_a_hand_written_file_is_right(capsys):
    assert main([str(STUDENTS / "naive_layers.py")]) == RIGHT
    report = said(capsys)
    assert "naive_layers.py: 21 functions: 21 right" in report
    assert "Not there, so not checked: conv_forward_fast" in report


def test_a_wrong_file_names_the_mistake_and_links_to_the_case(tmp_path, capsys):
    source = (STUDENTS / "naive_layers.py").read_text()
    source = "import numpy as np\n\n\n" + source[source.index("def conv_f") : source.index("def max_pool_f")]
    assert source.count(STRIDE) == 1
    path = tmp_path / "my_layers.py"
    path.write_text(source.replace(STRIDE, "rows, columns = slice(i, i + HH), slice(j, j + WW)"))
    assert main([str(path), "--host", "http://convscope.example"]) == WRONG
    out = capsys.readouterr().out
    report = " ".join(out.split())
    assert "2 functions: 1 right, 1 wrong" in report
    assert "dx is wrong when there are several windows and stride is above 1" in report
    assert f"what a known mistake gives: {MISTAKES['conv-stride-backward'].name}" in report
    assert "x (1, 1, 1, 3), w (1, 1, 1, 1), b (1,), conv_param {stride: 2, pad: 0}" in report
    text = re.search(r"http://convscope\.example/check-your-own\?case=([\w-]+)", out)[1]
    assert link.read(text).function == "conv_backward_naive"


@pytest.fixture
def course(tmp_path):
    """The course's folder, with the files that it is handed out with."""
    folder = tmp_path / "assignment2" / "cs231n"
    (folder / "classifiers").mkdir(parents=True)
    for name in ("", "classifiers/"):
        (folder / f"{name}__init__.py").touch()
    shutil.copy(STUDENTS / "naive_layers.py", folder / "layers.py")
    (folder / "fast_layers.py").write_text(
        "try:\n    from .im2col_cython import col2im_cython\nexcept ImportError:\n    print('run: python setup.py build_ext')\n"
        "from .layers import conv_forward_naive as conv_forward_fast, conv_backward_naive as conv_backward_fast\n"
    )
    (folder / "layer_utils.py").write_text(
        "from .layers import *\nfrom .fast_layers import *\n\n"
        "def affine_relu_forward(x, w, b):\n    a, fc = affine_forward(x, w, b)\n    out, relu = relu_forward(a)\n"
        "    return out, (fc, relu)\n\n"
        "def conv_relu_forward(x, w, b, conv_param):\n    return col2im_6d_cython(x), None\n\n"
        "def affine_relu_backward(dout, cache):\n    return affine_backward(relu_backward(dout, cache[1]), cache[0])\n"
    )
    (folder / "classifiers/cnn.py").write_text(
        "from ..layers import *\nfrom cs231n.layer_utils import *\n\nclass ThreeLayerConvNet:\n"
        "    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, hidden_dim=100, num_classes=10,\n"
        "                 weight_scale=1e-3, reg=0.0, dtype=None):\n        self.params, self.reg = {}, reg\n\n"
        "    def loss(self, X, y=None):\n        raise NotImplementedError('to do')\n"
    )
    return folder


def test_the_folder_of_the_course(course, capsys):
    folder = course.rename(course.with_name("mine"))  # the files say cs231n all the same
    assert main(["--course", str(folder)]) == WRONG
    report = said(capsys)
    assert "right affine_relu_backward 80 cases" in report and "right conv_backward_naive 80 cases" in report
    assert 'ThreeLayerConvNet in 80 of 80 cases raises ValueError: params["W1"] is not there' in report
    assert "not checked conv_relu_forward the course's extension is not built" in report
    assert "conv_relu_pool_forward" in report.partition("Not there, so not checked")[2]


def test_the_folder_is_found_from_the_assignment(course):
    assert course_to_load(course.parent) == course_to_load(course)
    assert course_to_load(course)["path"] == str(course)
