"""The run of an autoencoder that can be watched and changed while it trains: what `workbench` needs of it.

`run` with one session after another (`sessions`), opened by a `launch` with what can be chosen (`catalogue`);
`inspector` looks into its `codes`; `operations` lists the operations.
"""
