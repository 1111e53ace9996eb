"""Commands that train many times: methods compared, settings searched for."""
