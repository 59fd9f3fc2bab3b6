"""The test files that take longest, which run first."""

LONGEST = (
    "tests/autoencoder/web/test_browser_training.py",
    "tests/networks/test_copies.py",
    "tests/autoencoder/web/test_browser_editing.py",
    "tests/benchmarks/test_benchmarks.py",
    "tests/workbench/test_browser_watching.py",
    "tests/experiments/gan/test_watch.py",
    "tests/experiments/serve/test_page.py",
    "tests/experiments/records/test_programs.py",
    "tests/experiments/video/test_watch.py",
    "tests/networks/test_inference.py",
    "tests/networks/video/test_gradients.py",
    "tests/autoencoder/web/test_browser_probing.py",
    "tests/networks/test_spectral_normalisation.py",
    "tests/autoencoder/test_serve_command.py",
    "tests/autoencoder/live/test_replay.py",
    "tests/nn/kernels/test_separate.py",
    "tests/experiments/sweep/test_running.py",
    "tests/experiments/engines/test_cluster.py",
    "tests/experiments/sweep/test_kills.py",
    "tests/experiments/sweep/test_disturbances.py",
    "tests/networks/test_rung_headers.py",
    "tests/workbench/page/test_page.py",
    "tests/networks/test_local.py",
    "tests/project/test_docs.py",
)
"""In their order: those that wait for a browser lie among those that compute."""
