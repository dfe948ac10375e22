"""Documents changed by their own programs: LibreOffice, ImageMagick, exiftool, dcmtk, qpdf."""

from __future__ import annotations

from collections.abc import Callable

from bench.honest.base import Scenario, Work


def _laid(kind: str, full: int, quick: int) -> Callable[[Work], None]:
    def prepare(work: Work) -> None:
        work.documents(work.root / "tree", work.size(full, quick), (kind,))

    return prepare


def _office(work: Work) -> None:
    office = ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{work.aside}/profile"]
    env = {"HOME": str(work.aside)}

    def convert(kind: str, out: str, pattern: str) -> None:
        paths = sorted(work.root.glob(pattern))
        work.run(*office, "--convert-to", kind, "--outdir", work.root / out, *paths, env=env)

    for kind, out in (("odt", "odt"), ("pdf", "pdf"), ("docx:MS Word 2007 XML", "saved")):
        convert(kind, out, "tree/*/*.docx")
    convert("docx:MS Word 2007 XML", "saved", "odt/*.odt")  # saved over what stands there
    convert("odt", "odt", "saved/*.docx")


def _each(script: str) -> Callable[[Work], None]:
    return lambda work: work.shell(f"find tree -type f | while read -r path; do {script}; done")


def _dicom(work: Work) -> None:
    for step in ("dcmcjpeg", "dcmdjpeg", "dcmcrle", "dcmdrle"):
        _each(f'{step} "$path" "$path"')(work)


def _images(work: Work) -> None:
    work.shell("mogrify -resize 75% -quality 80 tree/*/*.jpg")
    work.shell("mogrify -rotate 90 tree/*/*.jpg")


def _exif(work: Work) -> None:
    work.run("exiftool", "-q", "-r", "-overwrite_original_in_place", "-Artist=Radiology", "tree")
    work.run("exiftool", "-q", "-r", "-overwrite_original", "-all=", "tree")


SCENARIOS = (
    Scenario("LibreOffice", "converted, saved over", ("soffice",), _laid("docx", 24, 4), _office),
    Scenario("image resize in place", "mogrify -resize, -rotate", ("mogrify",), _laid("jpg", 120, 20), _images),
    Scenario("EXIF edit in place", "exiftool in place, all cleared", ("exiftool",), _laid("jpg", 120, 20), _exif),
    Scenario("DICOM recompression in place", "dcmcjpeg, dcmdjpeg, dcmcrle, dcmdrle", ("dcmcjpeg", "dcmcrle"),
             _laid("dcm", 80, 12), _dicom),
    Scenario("PDF linearisation in place", "qpdf --linearize --replace-input", ("qpdf",), _laid("pdf", 120, 20),
             _each('qpdf --linearize --replace-input "$path"')),
)  # fmt: skip
