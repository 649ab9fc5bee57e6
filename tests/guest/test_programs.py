"""Why a machine cannot run guests is said, for the reason of skipped tests."""

from pathlib import Path

import pytest
from guest import programs


def test_a_qemu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCMIGEN_QEMU", "/none/qemu")
    with pytest.raises(programs.MissingError, match="/none/qemu is not installed"):
        programs.qemu.__wrapped__()


def test_a_qemu_without_an_scmi_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "qemu"
    old.write_text("#!/bin/sh\necho 'name \"vhost-user-vsock-device\", bus virtio-bus'\n")
    old.chmod(0o755)
    monkeypatch.setenv("SCMIGEN_QEMU", str(old))
    with pytest.raises(programs.MissingError, match="has no vhost-user-scmi: older than"):
        programs.qemu.__wrapped__()


def test_a_kernel_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCMIGEN_GUEST_KERNEL", "/none/Image")
    with pytest.raises(programs.MissingError, match="/none/Image is not here"):
        programs.kernel.__wrapped__()


def test_a_kernel_without_a_root_file_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "Image").touch()
    monkeypatch.setenv("SCMIGEN_GUEST_KERNEL", str(tmp_path / "Image"))
    monkeypatch.setattr(programs, "GUEST", tmp_path)
    with pytest.raises(programs.MissingError, match="no initramfs-base"):
        programs.kernel.__wrapped__()


def test_the_module_is_that_of_the_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("Image", "initramfs-base.cpio.gz"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.setenv("SCMIGEN_GUEST_KERNEL", str(tmp_path / "Image"))
    assert programs.kernel.__wrapped__().module is None
    (tmp_path / "scmi_consumer.ko").write_bytes(b"module")
    assert programs.kernel.__wrapped__().module == b"module"
