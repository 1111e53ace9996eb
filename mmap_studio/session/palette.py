"""Colours that stay apart for colour-blind eyes, for windows and for figures."""

OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Eight colours (Okabe and Ito 2008)."""
