"""Commands that look after the installation and its projects: cache, self-test, places of images and backbones."""
