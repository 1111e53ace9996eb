"""The field's methods for adapting CLIP, which MmAP is compared with: three families on one engine.

`features` learn on frozen features, `prompts` make the prompts of both towers in another way than MmAP, and `weights`
change CLIP's own. Each method is one short file; nothing here trains, selects or scores in a way of its own.
"""
