"""Saves and converts the networks: `python export.py FOLDER LOADER` (any Python with TensorFlow 2).

LOADER is the folder minmax_lint/loaders/keras, whose modules freeze functions and load Keras files there. TensorFlow
is imported once; each network is built, saved and converted in a forked child. FOLDER/NAME gets `saved_model`, one
frozen graph for each other form, `model.tflite` or `failure`, and `forms.json`: form -> its file and signature.
Where tfmot is missing, the float networks alone are made.
"""

import importlib.util
import json
import os
import signal
import sys
import traceback

import nets

SECONDS = 60
"""Of CPU time for one network."""


def main(folder, loader):
    os.environ.update({"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"})
    if importlib.util.find_spec("tf_keras"):
        os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.keras is Keras 2, which tfmot needs
    import tensorflow as tf

    tfmot = module_or_none("tensorflow_model_optimization")

    keras = tf.keras
    if tuple(map(int, tf.__version__.split(".")[:2])) >= (2, 16):
        import keras

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    child = module(loader, "child")
    freezing = module(loader, "frozen_function")
    jobs = [(f"float-{name}", keras, build, None) for name, build in nets.FLOAT.items()]
    if tfmot:
        jobs += [(f"trained-{name}", tf.keras, build, tfmot) for name, build in nets.TRAINED.items()]
    for name, own, build, trained in jobs:
        place = os.path.join(folder, name)
        os.makedirs(place, exist_ok=True)
        pid = os.fork()
        if pid == 0:
            os._exit(export(tf, own, build, trained, place, child, freezing))
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            if os.WTERMSIG(status) == signal.SIGPROF:
                raise SystemExit(f"{name}: over {SECONDS} CPU seconds")
            write(place, "failure", f"signal {os.WTERMSIG(status)}")


def module_or_none(name):
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def module(folder, name):
    spec = importlib.util.spec_from_file_location("minmax_lint_" + name, os.path.join(folder, name + ".py"))
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def write(place, name, text):
    with open(os.path.join(place, name), "w") as file:
        file.write(text)


def export(tf, keras, build, trained, place, child, freezing):
    import numpy

    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    log = os.open(os.path.join(place, "log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        keras.utils.set_random_seed(7)
        model = build(keras, trained) if trained else build(keras)
        batch, *sizes = model.inputs[0].shape
        samples = numpy.random.default_rng(7).normal(size=(batch or 8, *sizes)).astype("float32")
        model(samples, training=True)
        forms = {}
        for form, frozen in frozen_forms(tf, keras, model, trained, place, child, freezing):
            content = frozen.pop("content")
            forms[form] = save(tf, place, form + ".pb", content, frozen)
            if form == "concrete function":
                forms["pbtxt"] = save(tf, place, form + ".pbtxt", content, frozen)
        if batch is None:
            model.export(os.path.join(place, "saved_model"))
        else:  # Keras 3 would open it
            tf.saved_model.save(
                model, os.path.join(place, "saved_model"), signatures=concrete_function(tf, model)
            )
        write(place, "forms.json", json.dumps(forms))
        convert(tf, samples, trained, place)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def save(tf, place, name, content, frozen):
    """Write a frozen graph; its file and signature."""
    graph = tf.compat.v1.GraphDef.FromString(content)
    tf.io.write_graph(graph, place, name, as_text=name.endswith("pbtxt"))
    return {"file": name, "inputs": frozen["shapes"], "outputs": list(frozen["outputs"].values())}


def frozen_forms(tf, keras, model, trained, place, child, freezing):
    """Form -> the frozen graph and its signature, made as the loader makes them."""
    function, specs = freezing.called(tf, model)
    yield "keras object", freezing.frozen_function(function.get_concrete_function(*specs))._asdict()
    yield "concrete function", freezing.frozen_function(concrete_function(tf, model))._asdict()
    legacy = keras is tf.keras
    # The Keras that saved: tf_keras beside TensorFlow's own Keras 2 would take its classes for its own.
    child._keras = lambda tensorflow, legacy: keras
    for suffix in ("keras", "h5"):
        path = os.path.join(place, "model." + suffix)
        model.save(path)
        asked = {"path": path, "archive": suffix == "keras", "legacy": legacy, "quantized": bool(trained)}
        answer = child._answer({**asked, "trust": False}, place)
        with open(os.path.join(place, child.GRAPH), "rb") as file:
            yield suffix, {**answer, "content": file.read()}


def concrete_function(tf, model):
    return tf.function(model).get_concrete_function(tf.TensorSpec(model.inputs[0].shape, tf.float32))


def convert(tf, samples, trained, place):
    converter = tf.lite.TFLiteConverter.from_saved_model(os.path.join(place, "saved_model"))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if not trained:
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    try:
        content = converter.convert()
    except Exception as error:
        write(place, "failure", f"{type(error).__name__}: {error}")
        return
    with open(os.path.join(place, "model.tflite"), "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main(*sys.argv[1:3])
