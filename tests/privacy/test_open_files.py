"""Looking through uploads leaves no file open, also when the first line names the person."""

import gc
import warnings
import zipfile
from pathlib import Path

import pytest

from portal.privacy import bundles


class Anything:
    """Needles that every line holds."""

    def in_line(self, line: str) -> bool:
        return True


@pytest.mark.parametrize("content", ["Nguyễn An\nNguyễn Bình\n".encode(), "Nguyễn An\n".encode("utf-16"), None])
def test_a_file_is_closed_at_the_first_hit(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "upload"
    if content is None:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("users.csv", "Nguyễn An\n" * 100)
    else:
        path.write_bytes(content)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert bundles._names(Anything(), path)
        gc.collect()
    assert [str(one.message) for one in said] == []
