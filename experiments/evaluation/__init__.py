"""Judges synthetic data against real data: any entries, labelled or not, from a generator or from files.

    python -m experiments.evaluation --real TRAIN.npz --test TEST.npz --synthetic SYNTHETIC.npz --out REPORT

Every measure is a function of arrays by itself; what is drawn comes from a generator that is passed in.
"""
