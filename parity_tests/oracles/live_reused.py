"""Runs that share one live layer: making it costs as much as some of its calls."""

import time

try:
    from parity_tests.oracles import live_layer
except ImportError:
    import live_layer


def run(oracle, request, corrupt):
    """Make one layer and many runs of it; what Keras raises is the reply to the run it ended.

    Parameters
    ----------
    request : dict
        constructor; forget, whether no earlier request is to matter to what the calls draw; runs,
        of weights, calls and seed each, as in the operation ``run``. A layer that is stateful is
        reset before every run but its first.

    Returns
    -------
    reply : dict
        runs: what ``run`` replies, without its seconds. seconds: of all of them.
    """
    began = time.perf_counter()
    if request["forget"]:
        oracle.forget_seeds()
    constructor = oracle.decode(request["constructor"])
    layer, replies = None, []
    for asked in request["runs"]:
        place = {"stage": "constructor"}
        try:
            weights, calls, seed = (
                oracle.decode(asked[key]) for key in ("weights", "calls", "seed")
            )
            if layer is None:
                shape = next(call["x"].shape for call in calls if "x" in call)
                layer = oracle.make(constructor, weights, shape, seed, place)
                oracle.before_calls(seed)
            else:
                layer.set_weights(weights)
                if layer.stateful:
                    layer.reset_states()
                oracle.before_more_calls(layer, seed)
            reply = oracle.make_calls(layer, calls, place)
            if corrupt:
                reply["calls"][0]["outputs"][0].flat[0] += corrupt
            replies.append(dict(reply, ok=True))
        except Exception as error:
            described = live_layer.describe_error(error, place["stage"])
            replies.append({"ok": False, "error": described})
    return {"ok": True, "runs": replies, "seconds": time.perf_counter() - began}
