"""A hub that is wrong, refuses, fails or is not there: one sentence, and never a part taken for the file."""

import errno
import os
import time

import pytest

from mmap_studio.errors import StorageError
from mmap_studio.session.download.hub import RetryPolicy
from mmap_studio.storage import disk
from tests.session.backbones.download.fetching import CONTENT, QUICK, failed, fetched, parts, right

pytestmark = pytest.mark.slow


def test_wrong_bytes_are_deleted(one, serve):
    serve(wrong=lambda data: data[:-1] + b"\0")
    failed(one, "SHA-256", "it was deleted")
    assert parts(one) == []


def test_a_shorter_file_than_was_announced_is_never_taken(one, serve):
    serve(wrong=lambda data: data[:100_000])
    failed(one, "it sent 100,000 of 512,000 bytes and ended")


def test_a_longer_file_than_was_announced_is_never_taken(one, serve):
    serve(wrong=lambda data: data + b"x" * 100_000)
    failed(one, "it sent more than the 512,000 bytes")


def test_a_part_of_another_version_is_not_continued(one, serve):
    server = serve(drop_after=100_000, times=1)
    failed(one, retry=RetryPolicy(read_timeout=1, attempts=1, delay=0))
    server.do.content = newer = CONTENT[::-1]
    path, _ = fetched(one)
    assert path.read_bytes() == newer
    assert parts(one) == []


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("where", ["status", "head_status"])
def test_what_is_not_allowed_is_not_tried_again(one, serve, status, where):
    server = serve(**{where: status})
    failed(one, f"it refused ({status})", "HF_TOKEN")
    assert len(server.do.requests) <= 2


def test_a_repository_without_the_files(one, serve):
    serve(file="something else")
    failed(one, "it has neither of open_clip_model.safetensors, open_clip_pytorch_model.bin")


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("where", ["status", "head_status"])
def test_a_fault_that_passes(one, serve, status, where):
    serve(times=2, headers={"Retry-After": "3"}, **{where: status})
    began = time.monotonic()
    right(one, fetched(one)[0])
    assert time.monotonic() - began > 0.1  # it waited, though no longer than the longest pause


@pytest.mark.parametrize("said", ["\xb2", "soon", "-1", ""])
def test_a_pause_that_is_no_number_is_the_usual_one(one, serve, said):
    serve(times=2, headers={"Retry-After": said}, status=503)
    right(one, fetched(one)[0])


@pytest.mark.parametrize(("status", "why"), [(429, "fewer requests (429)"), (500, "it has a fault (500)")])
@pytest.mark.parametrize("where", ["status", "head_status"])
def test_a_fault_that_stays(one, serve, status, why, where):
    server = serve(**{where: status})
    failed(one, why)
    asked = [method for method, *_ in server.do.requests]
    assert asked.count("HEAD" if where == "head_status" else "GET") == QUICK.attempts


def test_another_part_of_the_file_than_was_asked_for_is_never_taken(one, serve):
    serve(shift=1)
    failed(one, "it sent another part of the file than was asked for, bytes 1-511999/512000")


def test_a_file_that_is_announced_and_not_there(one, serve):
    serve(status=404)
    failed(one, "it has neither of")


def test_a_hub_that_does_not_say_the_digest(one, serve):
    serve(etag="0123456789abcdef")
    failed(one, "does not say the file's size and SHA-256")


def test_nobody_there(one, serve):
    server = serve()
    server._server.server_close()
    failed(one, "the connection failed")


def test_a_full_disk_keeps_what_came(one, serve):
    serve()
    wrote = []

    def write(handle, data):
        wrote.append(len(data))
        if sum(wrote) > 200_000:
            raise OSError(errno.ENOSPC, "full")
        return os.write(handle, data)

    with disk.using(disk.System(write=write)):
        failed(one, "the disk is full", error=StorageError)
    assert len(parts(one)) == 1
    right(one, fetched(one)[0])
