"""Which folder is which class: found under whatever holds them, in splits or without; what is no class is said."""

import random
import unicodedata

import pytest

from cnn_core.datasets.class_folders import TEST, TRAIN, VAL, class_folders
from cnn_core.datasets.naming import shown


def sorted_out(*folders, count=3, others=()):
    """Each folder, "a/b", holds so many pictures; the result, and the class and split of each by its path."""
    paths = [(*filter(None, folder.split("/")), f"{n}.png") for folder in folders for n in range(count)]
    found = class_folders(paths, [tuple(other.split("/")) for other in others])
    sorted_ = {
        "/".join(path[:-1]): (found.names[label], split) if label >= 0 else None
        for path, label, split in zip(paths, found.labels, found.splits, strict=True)
    }
    return found, sorted_


def refused(*folders):
    with pytest.raises(ValueError) as caught:
        sorted_out(*folders)
    return str(caught.value)


PACKED = {  # cats and dogs as people pack them: the folder of each split
    "archive": {"archive/train": TRAIN, "archive/test": TEST},
    "twice": {"training_set/training_set": TRAIN, "test_set/test_set": TEST},
    "three": {"train": TRAIN, "val": VAL, "test": TEST},
    "valid": {"data/train": TRAIN, "data/valid": VAL, "data/test": TEST},
    "words": {"Training": TRAIN, "Validation": VAL, "Testing": TEST},
    "prefix": {"archive/seg_train/seg_train": TRAIN, "archive/seg_test/seg_test": TEST},
    "years": {"pets/train2017": TRAIN, "pets/val2017": VAL},
    "one word": {"TrainSet": TRAIN, "TestSet": TEST},
    "wrapped": {"train/images": TRAIN, "test/images": TEST},
    "one wrapped": {"train/images": TRAIN, "test": TEST},
    "one twice": {"train": TRAIN, "test/test": TEST},
    "deep": {"a/b/c/TRAIN": TRAIN, "a/b/c/DEV": VAL, "a/b/c/TEST": TEST},
    "behind": {"pets-train": TRAIN, "pets-test": TEST},
    "capitals": {"PETSTrain": TRAIN, "PETSTest": TEST},
}


@pytest.mark.parametrize("kind", PACKED)
def test_splits_are_not_taken_for_classes(kind):
    """training, validation and test folders above the classes' own."""
    found, where = sorted_out(*(f"{folder}/{name}" for folder in PACKED[kind] for name in ("cats", "dogs")))
    assert found.names == ("cats", "dogs")
    for folder, split in PACKED[kind].items():
        assert where[f"{folder}/cats"] == ("cats", split)
        assert where[f"{folder}/dogs"] == ("dogs", split)
    assert len(found.split_folders) >= 2
    assert not found.left_out


def test_pictures_without_a_class_beside_splits_are_left_out_and_counted():
    """The pictures to hand in answers for, as competitions pack them."""
    found, where = sorted_out(
        "seg_train/seg_train/sea", "seg_train/seg_train/wood", "seg_test/seg_test/sea", "seg_pred/seg_pred"
    )
    assert found.names == ("sea", "wood")
    assert found.left_out == {"in seg_pred": 3}
    found, where = sorted_out("train/cats", "train/dogs", "test")
    assert (found.names, found.left_out, where["test"]) == (("cats", "dogs"), {"without a class": 3}, None)


def test_splits_inside_a_class_belong_to_it():
    found, _ = sorted_out("cats/train", "cats/test", "dogs/train", "dogs/test")
    assert (found.names, found.split_folders) == (("cats", "dogs"), ())


def test_folders_within_a_class_belong_to_it():
    for more in (("dogs/front",), ("dogs/front", "dogs/side"), ("dogs/front", "dogs/back", "dogs")):
        assert sorted_out("cats/front", "cats/back", *more)[0].names == ("cats", "dogs")


@pytest.mark.parametrize(
    "folders", [("train", "car"), ("train", "trainer"), ("test-positive", "test-negative"), ("valid", "invalid")]
)
def test_a_class_may_be_named_as_a_split_is(folders):
    assert sorted_out(*folders)[0].names == tuple(sorted(folders))


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (
            ("train", "test"),
            "folders (=test, train) are splits, not classes: they must hold one folder of pictures for each class",
        ),
        (("archive/train", "archive/test", "archive/val"), "folders (=test, train, val) are splits"),
        (("train/images", "test/images"), "folders (=test, train) are splits"),
        (("train/cats", "train/dogs", "sample"), "folder 'train' beside sample may be a split or a class: rename it"),
        (("images", "masks"), "classes (=only 'images') must be 2 or more: one folder of pictures for each"),
        (("x/images", "x/annotations/trimaps"), "classes (=only 'images') must be 2 or more"),
        (("train/images", "train/masks", "test/images", "test/masks"), "folders (=test, train) are splits"),
        (("original", "ground_truth"), "classes (=only 'original') must be 2 or more"),
        (("VOC/JPEGImages", "VOC/SegmentationClass"), "classes (=only 'JPEGImages') must be 2 or more"),
        (("leftImg8bit", "gtFine"), "classes (=only 'leftImg8bit') must be 2 or more"),
        (
            ("fold1/cats", "fold1/dogs", "fold2/cats", "fold2/dogs"),
            "folders (=fold1, fold2) all hold the same folders (cats, dogs), and either may be the classes: name the outer",
        ),
        (
            ("x/art/mug", "x/art/pen", "x/photo/mug/a", "x/photo/pen/b"),
            "folders (=art, photo) all hold the same folders",
        ),
        (("",), "classes (=none) must be 2 or more"),
        (("", "cats", "dogs"), "'0.png' must lie in a folder that is named after its class"),
    ],
)
def test_what_has_no_classes_is_refused_in_words(folders, message):
    """splits or masks and nothing below them."""
    assert message in refused(*folders)


def test_masks_beside_pictures_are_left_out():
    found, _ = sorted_out("COVID/images", "COVID/masks", "Normal/images", "Normal/masks")
    assert (found.names, found.left_out) == (("COVID", "Normal"), {"in masks": 6})
    found, _ = sorted_out("images/cats", "images/dogs", "annotations/trimaps")
    assert (found.names, found.left_out) == (("cats", "dogs"), {"in annotations": 3})
    assert sorted_out("with masks", "masks")[0].names == ("masks", "with masks")  # none of them images


def test_folders_without_a_picture_beside_the_classes_are_named():
    """an emptied class."""
    others = ("pets/birds/", "pets/fish/1.heic", "pets/cats/readme.txt", "pets/about.txt", "elsewhere/x/y.txt")
    found, _ = sorted_out("pets/cats", "pets/dogs", others=others)
    assert found.empty == ("birds", "fish")
    found, _ = sorted_out(
        "train/cats", "train/dogs", "test/cats", others=("train/birds/1.heic", "test/dogs/", "x/y.txt")
    )
    assert found.empty == ("birds",)


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (("か", "が"), ("か", "が")),
        (("50%", "50$"), ("50$", "50%")),
        (("a<b", "a>b", "a&b"), ("a&b", "a<b", "a>b")),
        ((unicodedata.normalize("NFD", "été"), "hiver"), ("hiver", "été")),
        (("été", unicodedata.normalize("NFD", "été"), "x"), ("x", "été")),  # the same word
        (("नमस्ते", "می‌خواهم", "👩‍🔬"), ("नमस्ते", "می‌خواهم", "👩‍🔬")),
        (("*_`~", "[x](y)"), ("*_`~", "[x](y)")),
        (("right\u202eleft", "tab\tline\n"), ("right left", "tab line")),
        (("a" * 60, "a" * 61), (f"{'a' * 26}…{'a' * 13}", f"{'a' * 26}…{'a' * 13} (2)")),
        (("\x01", "x"), ("_", "x")),
    ],
)
def test_names_of_any_script_are_shown_as_they_are(folders, names):
    assert set(sorted_out(*folders)[0].names) == set(names)


def test_a_name_is_cut_in_its_middle_so_that_its_ending_stays():
    """File names of 4 kB."""
    assert shown("x" * 4000 + ".png") == f"{'x' * 53}…{'x' * 22}.png"
    assert len(shown("x" * 4000 + ".png", 60)) == 60
    assert shown("x" * 80) == "x" * 80
    assert shown("\ud800\x00\n") == shown("\u200d") == "_"
    shown("\ud800\x00" + "e\u0301" * 50).encode()


PARTS = [
    "train",
    "test",
    "val",
    "images",
    "masks",
    "cats",
    "dogs",
    "Train",
    "data",
    "x",
    "labels",
    "seg_pred",
    "",
    "été",
]


@pytest.mark.parametrize("seed", range(5))
def test_any_tree_is_sorted_or_refused_in_words_and_every_picture_is_accounted_for(seed):
    luck = random.Random(seed)
    for _ in range(400):
        paths = [
            (*luck.choices(PARTS[: luck.choice([6, len(PARTS)])], k=luck.randrange(5)), f"{n}.png")
            for n in range(luck.randrange(1, 12))
        ]
        others = [tuple(luck.choices(PARTS, k=luck.randrange(1, 5))) for _ in range(3)]
        try:
            found = class_folders(paths, others)
        except ValueError as error:
            assert len(str(error)) < 400
            continue
        assert len(found.labels) == len(found.splits) == len(paths)
        assert found.labels.count(-1) == found.left_out.total()
        assert {label for label in found.labels if label >= 0} == set(range(len(found.names)))
        assert len(set(found.names)) == len(found.names)
        assert len(found.split_folders) != 1
