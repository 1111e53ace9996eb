"""Methods that make the prompts of one tower or both in another way than MmAP; CLIP and all else stay the same.

Missing: LAMM (its tokens are inserted per class, and the text tower reads what all classes share once), HiPro (without
public code; its tree needs a prompt a node and logits averaged along a path), CoPrompt and ProVP.
"""
