"""A training run that is watched, steered and shown, whatever is trained.

`run` steers it and keeps the record, `inspect` looks into the network, `page` shows both in a browser. An
application brings its session, its own operations and its own panels; nothing here knows one.
"""
