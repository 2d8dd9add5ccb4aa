"""`check`, `lint`, `checked` and the pytest fixture say the same of a QAT network, as Keras object and SavedModel."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path

from tests.interpreters import tf221

WAYS = Path(__file__).with_name("ways.py")


def test_every_way_of_asking_gives_one_answer() -> None:
    python = tf221()
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, WAYS, sysconfig.get_path("purelib")],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    verdicts = {}
    for net, answers in found.items():
        first = answers["lint, Keras object"]
        assert answers == dict.fromkeys(answers, first), net
        verdicts[net] = first[0]
    assert verdicts == {"whole": "quantized", "partly": "float"}
    assert "FULLY_CONNECTED" in found["partly"]["check"][1]
