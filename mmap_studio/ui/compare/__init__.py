"""The comparison of methods: what is compared, how far it is, and what it says."""
