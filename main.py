"""`python main.py` is `mmap-studio`, from a checkout."""

from mmap_studio.__main__ import main

if __name__ == "__main__":
    main()
