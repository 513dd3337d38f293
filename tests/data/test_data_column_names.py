import math

import pytest

from bayes_scaling.data.column_names import (
    LossName,
    name_metric,
    name_unit,
    read_amount_name,
    read_loss_name,
)
from bayes_scaling.errors import DataError

PF_DAY = 1e15 * 86_400

SCALES = {
    "compute": {
        "FLOPs (1E21)": 1e21,
        "FLOPs (x10^18)": 1e18,
        "FLOPs (×10¹⁸)": 1e18,
        "FLOPs (10**21)": 1e21,
        "FLOPs ($10^{21}$)": 1e21,
        "FLOPs (x1e20)": 1e20,
        "FLOPs / 1e21": 1e21,
        "FLOPs (E21)": 1e21,
        "compute_1e18": 1e18,
        "1e18FLOPs": 1e18,
        "1E18FLOP": 1e18,
        "flops_e18": 1e18,
        "compute_1e6_steps": 1.0,
        "compute (ZFLOPs, 1e21)": 1e21,
        "compute_zflop": 1e21,
        "ComputeZFLOP": 1e21,
        "train_exaflops": 1e18,
        "Training FLOPs (zetta)": 1e21,
        "training compute (Z)": 1e21,
        "compute (billions)": 1e9,
        "petaFLOPs": 1e15,
        "Compute [PF-days]": PF_DAY,
        "pf_days": PF_DAY,
        "PF/s-days": PF_DAY,
        "PFS-days": PF_DAY,
        "PFLOP/s-days": PF_DAY,
        "train_compute_PFLOP_s_days": PF_DAY,
        "petaflop/s-days": PF_DAY,
        "exaflop hours": 1e18 * 3600,
        **dict.fromkeys(["FLOPs", "total_flos", "C", "E", "training compute", "compute_y"], 1.0),
    },
    "params": {
        "Model Size (B)": 1e9,
        "Parameters [B]": 1e9,
        "params_b": 1e9,
        "paramsB": 1e9,
        "params/B": 1e9,
        "BParams": 1e9,
        "billion_params": 1e9,
        "params (millions)": 1e6,
        "N (M)": 1e6,
        "#Params(M)": 1e6,
        "Params (10^6)": 1e6,
        "params (1000s)": 1e3,
        "params (K)": 1e3,
        "params (MM)": 1e6,
        **dict.fromkeys(["N", "M", "# params", "T5 params", "non-embedding params"], 1.0),
    },
    "tokens": {
        "Pretraining Data Size (T)": 1e12,
        "tokens (B)": 1e9,
        "tokens_bn": 1e9,
        "GTokens": 1e9,
        "tokens (trillion)": 1e12,
        "tokens_seen_1e9": 1e9,
        **dict.fromkeys(["D", "T", "tokens", "training tokens"], 1.0),
    },
}
NAMES = [(ours, name, scale) for ours, names in SCALES.items() for name, scale in names.items()]


@pytest.mark.parametrize(("ours", "name", "scale"), NAMES)
def test_a_unit_in_the_name_of_an_amount(ours, name, scale):
    said = read_amount_name(name, ours)
    assert said.scale == scale
    assert said.base is None
    assert not said.foreign


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("log10 FLOPs", 10),
        ("log10(FLOPs)", 10),
        ("log_10_flops", 10),
        ("lg C", 10),
        ("ln C", math.e),
        ("log_e compute", math.e),
        ("log2 compute", 2),
        ("catalogue FLOPs", None),
    ],
)
def test_a_logarithm_in_the_name_of_an_amount(name, base):
    assert read_amount_name(name, "compute").base == base


def test_a_logarithm_of_a_scaled_amount():
    said = read_amount_name("log10 EFLOPs", "compute")
    assert (said.base, said.scale) == (10, 1e18)


@pytest.mark.parametrize(
    ("ours", "name", "unit"),
    [
        ("compute", "GPU hours", "gpu hours"),
        ("compute", "A100-hours", "a100-hours"),
        ("compute", "cost (USD)", "usd"),
        ("tokens", "Data (GB)", "gb"),
    ],
)
def test_units_of_something_else(ours, name, unit):
    said = read_amount_name(name, ours)
    assert (said.foreign, said.scale) == (unit, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("log_compute", "a logarithm, not of which base"),
        ("logFLOPs", "a logarithm, not of which base"),
        ("FLOP/s", "a rate"),
        ("FLOPs per second", "a rate"),
        ("FLOPs (1e-21)", "the factor 1e-21"),
        ("TFLOPs (x10^9)", "two units for compute, 1e+09 and 1e+12"),
    ],
)
def test_unclear_names_of_amounts(name, why):
    with pytest.raises(DataError, match=r"ename the column|map another column") as raised:
        read_amount_name(name, "compute")
    assert why in str(raised.value)
    assert repr(name) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("val/bpb", "bits per byte"),
        ("Val BPB", "bits per byte"),
        ("bits_per_byte", "bits per byte"),
        ("loss (bits/byte)", "bits per byte"),
        ("val_bpc", "bits per character"),
        ("bits/char", "bits per character"),
        ("bits/dim", "bits per dimension"),
        ("nats/token", "nats per token"),
        ("nats per answer", "nats per answer"),
        ("loss (nats)", "nats"),
        ("error (%)", "per cent"),
        *((name, None) for name in ("loss", "eval/loss", "nll", "neg_log_likelihood", "habits")),
        *((name, None) for name in ("logloss", "log/loss", "loss_1e18", "loss x entropy")),
        *((name, None) for name in ("loss_ctx_1000", "loss_max_100", "eval/100_PLs/loss")),
        *((name, None) for name in ("val/loss/1000", "loss (1000 steps avg)", "loss_ctx1000")),
        *((name, None) for name in ("loss (8x1000 GPUs)", "val/1e18/loss", "loss (1e18 FLOP)")),
    ],
)
def test_a_unit_in_the_name_of_a_loss(name, unit):
    assert read_loss_name(name) == LossName(unit)


@pytest.mark.parametrize(
    ("name", "unit", "base"),
    [
        ("perplexity", "nats per token", None),
        ("wikitext_ppl", "nats per token", None),
        ("valPPL", "nats per token", None),
        ("word_perplexity", "nats per word", None),
        ("byte_perplexity", "nats per byte", None),
        ("log_perplexity", "nats per token", math.e),
        ("ln ppl", "nats per token", math.e),
        ("log2 ppl", "nats per token", 2),
    ],
)
def test_a_perplexity_by_its_name(name, unit, base):
    assert read_loss_name(name) == LossName(unit, is_perplexity=True, base=base)


def test_a_logarithm_of_a_loss_by_its_name():
    assert read_loss_name("ln loss") == LossName(base=math.e)
    assert read_loss_name("log10 bpb") == LossName("bits per byte", base=10)


@pytest.mark.parametrize(
    "name",
    [
        *("loss x100", "loss*100", "loss (x100)", "loss (1e-3)", "loss (1e2)", "Loss (x10^3)"),
        *("loss (10^2)", "loss x1e2", "loss / 1e3", "loss×1000", "log_loss"),
    ],
)
def test_unclear_names_of_losses(name):
    with pytest.raises(DataError, match="ename the column"):
        read_loss_name(name)


METRICS = {
    "cross_entropy": (
        *("cross_entropy", "cross-entropy", "CrossEntropy", "xent", "val/nll", "ce_loss"),
        *("nats", "nats per token", "val/bpb", "bits_per_byte", "perplexity", "val_ppl"),
        *("cross-entropy error", "log perplexity", "eval/logloss", "log loss"),
    ),
    "error_rate": (
        *("error_rate", "error rate", "val_error", "top1_err", "top-1 error", "valError", "err@1"),
        *("accuracy", "val/acc", "1 - accuracy", "acc_norm", "misclassified", "0-1 loss", "errors"),
        *("word error rate", "zero_one_loss", "bit error rate"),
    ),
    "other": ("other", "mse", "RMSE", "squared error", "mean_absolute_error", "nmae"),
    None: ("loss", "val_loss", "eval/loss", "entropy", "reward", "terror", "accelerated", "", "%"),
}


@pytest.mark.parametrize(
    ("metric", "name"), [(metric, name) for metric, names in METRICS.items() for name in names]
)
def test_what_a_name_says_of_a_loss(metric, name):
    assert name_metric(name) == metric


def test_a_perplexity_is_a_unit_of_its_own():
    assert name_unit("word perplexity") == name_unit("PPL") == "perplexity"
    assert name_unit("log perplexity") == name_unit("nats/token")


def test_a_unit_that_can_not_be_read_is_itself():
    assert name_unit("log loss") == "log loss"
