"""One conformance class for every image set: the same content must behave the same wherever it is kept."""

import hashlib
import threading

import numpy as np
import pytest

from mmap_studio.data.images.image_sets import CHUNK, ArrayImages, ShardedImages, Subset
from mmap_studio.errors import DataError
from mmap_studio.method.task import ImageSet

N, EDGE, SHARD, CLASSES = 10, 2, 4, 3
PIXELS = np.random.default_rng(0).integers(0, 256, (N, EDGE, EDGE, 3), np.uint8)
LABELS = np.arange(N) % CLASSES


def load(number: int) -> np.ndarray:
    return PIXELS[number * SHARD : (number + 1) * SHARD]


def in_memory() -> ArrayImages:
    return ArrayImages(PIXELS, LABELS)


def never(numbers: np.ndarray) -> np.ndarray:
    raise AssertionError


def placed(load=load, again=never, n=N, **options) -> ShardedImages:
    """Images k at row k % SHARD of shard k // SHARD."""
    shard, row = (part.astype(np.int32) for part in np.divmod(np.arange(n), SHARD))
    return ShardedImages(LABELS[:n], shard, row, EDGE, load, again, **options)


def sharded() -> ShardedImages:
    return placed(keep=2)


def selected() -> Subset:
    order = np.random.default_rng(1).permutation(N)
    return Subset(ArrayImages(PIXELS[order], LABELS[order]), np.argsort(order))


@pytest.fixture(params=[in_memory, sharded, selected])
def images(request):
    return request.param()


class TestEveryImageSet:
    def test_is_an_image_set(self, images):
        assert isinstance(images, ImageSet)
        assert len(images) == N
        assert images.labels.dtype == np.int64
        assert (images.labels == LABELS).all()

    @pytest.mark.parametrize("indices", [[0], [9, 0, 9, 4], range(N), np.array([3, 1]), []])
    def test_pixels_come_in_the_order_asked_for(self, images, indices):
        pixels = images.pixels(indices)
        assert pixels.dtype == np.uint8
        assert pixels.shape == (len(indices), EDGE, EDGE, 3)
        assert (pixels == PIXELS[np.asarray(indices, int)]).all()

    @pytest.mark.parametrize("indices", [[-1], [N], [0, 10**12]])
    def test_other_indices_are_refused(self, images, indices):
        with pytest.raises(IndexError, match=r"must lie in 0\.\.9"):
            images.pixels(indices)
        with pytest.raises(IndexError):
            images.subset(indices)

    def test_pixels_are_the_callers_own(self, images):
        images.pixels([0, 1])[:] = 0
        assert (images.pixels([0, 1]) == PIXELS[:2]).all()

    def test_labels_cannot_be_changed(self, images):
        with pytest.raises(ValueError, match="read-only"):
            images.labels[0] = 1

    def test_the_digest_is_that_of_shape_pixels_and_labels(self, images):
        content = repr((N, EDGE, EDGE, 3)).encode() + PIXELS.tobytes() + LABELS.astype("<i8").tobytes()
        assert images.digest == hashlib.sha256(content).hexdigest()

    def test_a_selection_equals_an_array_of_the_same_content(self, images):
        chosen = [7, 2, 5]
        part = images.subset(chosen)
        assert part.digest == ArrayImages(PIXELS[chosen], LABELS[chosen]).digest
        assert (part.subset([2, 0]).pixels([0, 1]) == PIXELS[[5, 7]]).all()
        assert images.subset([]).pixels([]).shape == (0, EDGE, EDGE, 3)
        assert images.subset([]).digest == ArrayImages(PIXELS[:0], LABELS[:0]).digest


def test_a_digest_in_chunks_is_that_of_the_whole():
    pixels = np.random.default_rng(2).integers(0, 256, (2 * CHUNK + 3, 1, 1, 3), np.uint8)
    labels = np.zeros(len(pixels), int)
    content = repr(pixels.shape).encode() + pixels.tobytes() + labels.astype("<i8").tobytes()
    assert ArrayImages(pixels, labels).digest == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("change", ["pixel", "label", "order"])
def test_any_change_changes_the_digest(change):
    pixels, labels = PIXELS.copy(), LABELS.copy()
    if change == "pixel":
        pixels[3, 1, 0, 2] ^= 1
    elif change == "label":
        labels[3] += 1
    else:
        pixels, labels = pixels[::-1], labels[::-1]
    assert ArrayImages(pixels, labels).digest != in_memory().digest


def test_an_array_that_may_change_is_copied_and_a_read_only_one_is_not():
    pixels = PIXELS.copy()
    images = ArrayImages(pixels, LABELS)
    pixels[:] = 0
    assert (images.pixels(range(N)) == PIXELS).all()
    pixels.setflags(write=False)
    assert ArrayImages(pixels, LABELS)._pixels is pixels


@pytest.mark.parametrize(
    ("pixels", "labels", "message"),
    [
        (PIXELS.astype(np.float32), LABELS, "pixels must be uint8"),
        (PIXELS[..., :1], LABELS, "pixels must be uint8"),
        (PIXELS[:, :1], LABELS, "pixels must be uint8"),
        (PIXELS, LABELS[:5], "as many as images, 10. Got 5"),
        (PIXELS, LABELS.astype(float), "labels must be int64"),
        (PIXELS, LABELS[:, None], "labels must be int64"),
    ],
)
def test_other_arrays_are_refused(pixels, labels, message):
    with pytest.raises(ValueError, match=message):
        ArrayImages(pixels, labels)


class TestShards:
    def test_few_are_kept_and_each_is_asked_for_once_a_batch(self):
        loads: list[int] = []

        def counting(number: int) -> np.ndarray:
            loads.append(number)
            return load(number)

        images = placed(counting, keep=2)
        images.pixels([0, 5, 1, 4])
        images.pixels([2, 6])  # both kept
        assert loads == [0, 1]
        images.pixels([9])  # 2 pushes out 0, the one unused for longest
        images.pixels([4])
        images.pixels([0])
        assert loads == [0, 1, 2, 0]

    @pytest.mark.parametrize(
        "shard",
        [PIXELS[:3], PIXELS[:4].astype(np.int16), PIXELS[:4, :1], np.zeros((4, 12), np.uint8), PIXELS[:4].repeat(2, 1)],
    )
    def test_a_shard_of_another_kind_is_refused(self, shard):
        with pytest.raises(DataError, match=r"Image shard 0 must hold uint8 \(4 or more, 2, 2, 3\)"):
            placed(lambda number: shard).pixels([0, 3])

    def test_images_of_a_lost_shard_are_made_again_and_only_those(self):
        asked = []

        def again(numbers):
            asked.append(numbers.tolist())
            return PIXELS[numbers]

        images = placed(lambda number: None if number == 1 else load(number), again)
        wanted = [5, 0, 5, 9, 4]
        assert (images.pixels(wanted) == PIXELS[wanted]).all()
        assert asked == [[4, 5]]

    def test_an_image_that_is_nowhere_is_black(self):
        images = ShardedImages(LABELS[:2], np.array([-2, 0]), np.array([0, 1]), EDGE, load, never)
        assert not images.pixels([0]).any()
        assert (images.pixels([1, 0])[0] == PIXELS[1]).all()

    def test_no_images_need_no_shard(self):
        assert placed(n=0).pixels([]).shape == (0, EDGE, EDGE, 3)

    @pytest.mark.parametrize("many", [1, 5])
    def test_more_shards_than_files_may_be_open_are_read(self, many, tmp_path):
        resource = pytest.importorskip("resource")
        for number in range(300):
            (tmp_path / str(number)).write_bytes(np.full((1, EDGE, EDGE, 3), number % 251, np.uint8).data)

        def mapped(number: int) -> np.ndarray:
            return np.memmap(tmp_path / str(number), np.uint8, "r", 0, (1, EDGE, EDGE, 3))

        numbers = np.arange(300 // many, dtype=np.int32)
        every = [ShardedImages(numbers * 0, numbers, numbers * 0, EDGE, mapped, never) for _ in range(many)]
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            found = [images.pixels(numbers)[:, 0, 0, 0] for images in every]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert all((one == numbers % 251).all() for one in found)

    def test_at_least_one_is_kept(self):
        with pytest.raises(ValueError, match="must be 1 or more"):
            placed(keep=0)

    def test_several_threads_read_the_same_pixels(self):
        images, wrong = placed(keep=1), []

        def read(seed: int) -> None:
            rng = np.random.default_rng(seed)
            for _ in range(100):
                indices = rng.integers(0, N, 3)
                if (images.pixels(indices) != PIXELS[indices]).any():
                    wrong.append(indices)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
