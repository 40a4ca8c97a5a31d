"""Names the types of files with magika: name_files.py FOLDER, writes JSON."""

import json
import pathlib
import sys

from magika import Magika

if __name__ == "__main__":
    files = sorted(path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file())
    magika, answers = Magika(), {}
    for path, result in zip(files, magika.identify_paths(files)):
        answers[str(path)] = {"label": result.output.label, "score": float(result.score)}
    print(json.dumps(answers))
