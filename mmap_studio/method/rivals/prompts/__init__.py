"""Methods that make the prompts of one tower or both in another way than MmAP; CLIP and all else stay the same.

Missing: CoPrompt, which needs captions of every class by a language model, and ProVP.
"""
