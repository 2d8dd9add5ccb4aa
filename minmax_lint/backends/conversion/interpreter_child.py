"""What an interpreter is and has, without importing it: `python interpreter_child.py`. Runs in Python 3.7 as well.

Prints `python MAJOR MINOR`, `tensorflow yes` where that can be imported, and `version X` where it is known.
"""

import importlib.util
import os
import re
import sys


def main() -> None:
    """Print it. The version stands in the name of a folder beside the package."""
    print("python", *sys.version_info[:2])
    spec = importlib.util.find_spec("tensorflow")
    if not spec or not spec.origin:
        return  # a folder that happens to be called `tensorflow` has no origin
    print("tensorflow", "yes")
    folders = list(spec.submodule_search_locations or [])
    for name in os.listdir(os.path.dirname(folders[0])) if folders else []:
        found = re.match(
            r"(?:intel_)?(?:tensorflow|tf_nightly)(?:_(?:cpu|gpu|intel|macos|rocm|cpu_aws))?"
            r"-(\d+\.\d+[^-]*)\.dist-info$",
            name,
        )
        if found:
            print("version", found[1])
            break


if __name__ == "__main__":
    main()
