"""A search for settings: trials whose settings Optuna proposes, chosen by accuracy on the validation images alone."""
