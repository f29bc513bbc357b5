"""The limit: one hand-fused kernel for exactly the shipped model, to see what a general engine costs.

Everything is fixed in the code: eight states, four strategies, what each of them shares with the others, a life table
and norms that change once a year, transplants that end at the age limit, one discount rate. It takes the numbers of
draws and gives costs and QALYs. It knows nothing of the model format and names no fault.

The array `s` holds vectors over the draws of a tile; their offsets are constants, so that the compiler sees that they
do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

from cea.engine.vector import exponential
from cea.model.definition import Model

W = 64
"""Draws in a tile."""
STEP = 1.0 / 12.0

DRAWN = (
    "rate_a_to_b", "rate_b_to_a", "rate_b_to_c", "rate_c_to_b", "excess_death_a", "excess_death_b", "excess_death_c",
    "rate_hcc_a", "rate_hcc_b", "excess_death_hcc", "rate_transplant_listed", "transplant_excess_death_year_1",
    "transplant_excess_death_later", "efficacy", "msc_effect_full_years", "msc_effect_half_life", "msc_hcc_rr",
    "cost_a", "cost_b", "cost_ratio_c_b", "cost_hcc", "cost_end_of_life", "cost_evaluation", "cost_transplant",
    "cost_transplant_later", "retransplant_year_1", "retransplant_later", "msc_administration_per_infusion",
    "msc_monitoring_year_1", "msc_fever_probability", "msc_fever_cost", "msc_sae_probability", "msc_sae_cost",
    "msc_sae_qaly_loss", "msc_infusion_disutility", "utility_a", "utility_decrement_a_b", "utility_decrement_b_c",
    "utility_hcc", "utility_transplant_year_1", "utility_transplant_later",
)  # fmt: skip
FIXED = ("msc_worsening_rr", "msc_residual_death_hr", "msc_improve_one_class", "msc_acquisition_per_infusion",
         "start_share_b")  # fmt: skip

# Rates of a draw, then what changes with age or month, then cohorts: A, B, C, cancer, first year, later, weights.
AB, BA, BC, CB, XA, XB, XC, HA, HB, XH, TX, XT, XL = range(0, 13 * W, W)
EFFICACY, FULL, DECAY, LN_WORSE, LN_DEATH, LN_HCC, BETTER, WORSE = range(13 * W, 21 * W, W)
H_STAY, H_LEAVE, LH_STAY, LH_LEAVE, T_STAY, L_STAY, T_BEFORE, TURN, LASTING = range(21 * W, 30 * W, W)
PA_STAY, PA_LEAVE, PB_STAY, PB_LEAVE, PC_STAY, PC_LEAVE, TB_STAY, TB_LEAVE, TC_STAY, TC_LEAVE = range(30 * W, 40 * W, W)
M_AB, M_BC, M_HA, M_HB, M_XA, M_XB, M_XC = range(40 * W, 47 * W, W)
MA_STAY, MA_LEAVE, MB_STAY, MB_LEAVE, MC_STAY, MC_LEAVE, MX_STAY, MX_LEAVE, MY_STAY, MY_LEAVE = range(47 * W, 57 * W, W)
NONE = 57 * W  # a row of zeros
COHORTS = 58 * W
SIZE = 15 * W  # of a cohort: six states, six accounts of time, deaths and transplants, and who moves in the tunnel
ROWS = COHORTS + 4 * SIZE

_part = numba.njit(error_model="numpy", nogil=True)
_inline = numba.njit(error_model="numpy", nogil=True, inline="always")


@_inline
def _exponentials(s, row):
    """A loop with one `exponential` and nothing else is what the compiler turns into vectors."""
    for j in range(W):
        s[row + j] = exponential(s[row + j])


@_inline
def _exits(s, stay):
    """Who stays, and who leaves per unit of rate in the next row, which holds the rate of leaving."""
    for j in range(W):
        s[stay + j] = exponential(-(s[stay + W + j] * STEP))
    for j in range(W):
        s[stay + W + j] = (1.0 - s[stay + j]) / s[stay + W + j]


@_inline
def _visit(s, o, states, weight):
    for j in range(W):
        for k in range(states):
            s[o + (6 + k) * W + j] += weight * s[o + k * W + j]


@_inline
def _unlisted(s, o, ab, bc, ha, hb, xa, xb, xc, a, b, c, better, worse, weight):
    """A cycle of a strategy without transplant; a, b, c are the rows of who stays in A, B, C, leavers next."""
    for j in range(W):
        leave_a, leave_b = s[o + j] * s[a + W + j], s[o + W + j] * s[b + W + j]
        leave_c, leave_h = s[o + 2 * W + j] * s[c + W + j], s[o + 3 * W + j] * s[H_LEAVE + j]
        s[o + j] = s[o + j] * s[a + j] + (s[BA + j] + s[better + j]) * leave_b
        s[o + W + j] = (
            s[o + W + j] * s[b + j] + (s[ab + j] + s[worse + j]) * leave_a + (s[CB + j] + s[better + j]) * leave_c
        )
        s[o + 2 * W + j] = s[o + 2 * W + j] * s[c + j] + (s[bc + j] + s[worse + j]) * leave_b
        s[o + 3 * W + j] = s[o + 3 * W + j] * s[H_STAY + j] + s[ha + j] * leave_a + s[hb + j] * (leave_b + leave_c)
        deaths = s[xa + j] * leave_a + s[xb + j] * leave_b + s[xc + j] * leave_c + s[XH + j] * leave_h
        s[o + 12 * W + j] += weight * deaths


@_inline
def _listed(s, o, ab, bc, ha, hb, xa, xb, xc, a, b, c, h, better, worse, transplanted, ring, weight):
    """A cycle of a strategy with transplant. Those who leave the tunnel survived the last twelve months (LASTING)."""
    for j in range(W):
        s[o + 14 * W + j] = ring[j] * s[LASTING + j]
    for j in range(W):
        leave_a, leave_b = s[o + j] * s[a + W + j], s[o + W + j] * s[b + W + j]
        leave_c, leave_h = s[o + 2 * W + j] * s[c + W + j], s[o + 3 * W + j] * s[h + W + j]
        s[o + j] = s[o + j] * s[a + j] + (s[BA + j] + s[better + j]) * leave_b
        s[o + W + j] = (
            s[o + W + j] * s[b + j] + (s[ab + j] + s[worse + j]) * leave_a + (s[CB + j] + s[better + j]) * leave_c
        )
        s[o + 2 * W + j] = s[o + 2 * W + j] * s[c + j] + (s[bc + j] + s[worse + j]) * leave_b
        s[o + 3 * W + j] = s[o + 3 * W + j] * s[h + j] + s[ha + j] * leave_a + s[hb + j] * (leave_b + leave_c)
        deaths = s[xa + j] * leave_a + s[xb + j] * leave_b + s[xc + j] * leave_c + s[XH + j] * leave_h
        transplants = s[transplanted + j] * (leave_b + leave_c + leave_h)
        s[o + 12 * W + j] += weight * deaths
        s[o + 13 * W + j] += weight * transplants
        s[o + 4 * W + j] = s[o + 4 * W + j] * s[T_STAY + j] - s[o + 14 * W + j] + transplants
        s[o + 5 * W + j] = s[o + 5 * W + j] * s[L_STAY + j] + s[o + 14 * W + j]
        s[o + 14 * W + j] = transplants
    for j in range(W):
        ring[j] = s[o + 14 * W + j]


@_part
def _year(s, hazard, open_):
    """What holds for a year of age: who stays and leaves where nothing wanes, and the survival through the tunnel."""
    for j in range(W):
        s[H_LEAVE + j] = s[XH + j] + hazard
        s[PA_LEAVE + j] = s[AB + j] + s[HA + j] + s[XA + j] + hazard
        s[PB_LEAVE + j] = s[BA + j] + s[BC + j] + s[HB + j] + s[XB + j] + hazard
        s[PC_LEAVE + j] = s[CB + j] + s[HB + j] + s[XC + j] + hazard
        s[T_STAY + j] = -((s[XT + j] + hazard) * STEP)
        s[L_STAY + j] = -((s[XL + j] + hazard) * STEP)
    if open_:
        for j in range(W):
            s[LH_LEAVE + j] = s[H_LEAVE + j] + s[TX + j]
            s[TB_LEAVE + j] = s[PB_LEAVE + j] + s[TX + j]
            s[TC_LEAVE + j] = s[PC_LEAVE + j] + s[TX + j]
        _exits(s, LH_STAY)
        _exits(s, TB_STAY)
        _exits(s, TC_STAY)
    _exits(s, H_STAY)
    _exits(s, PA_STAY)
    _exits(s, PB_STAY)
    _exits(s, PC_STAY)
    _exponentials(s, T_STAY)
    _exponentials(s, L_STAY)
    for j in range(W):
        s[TURN + j] = s[T_STAY + j] / s[T_BEFORE + j]
        s[T_BEFORE + j] = s[T_STAY + j]


@_part
def _month(s, t, hazard, open_):
    """What the waning effect changes every month."""
    since = t * STEP
    for j in range(W):
        s[M_AB + j] = (since - s[FULL + j]) * s[DECAY + j]
    _exponentials(s, M_AB)
    for j in range(W):
        waning = 1.0 if since < s[FULL + j] - 1e-9 else s[M_AB + j]
        s[M_AB + j] = s[LN_WORSE + j] * waning
        s[M_XA + j] = s[LN_DEATH + j] * waning
        s[M_HA + j] = s[LN_HCC + j] * waning
    _exponentials(s, M_AB)
    _exponentials(s, M_XA)
    _exponentials(s, M_HA)
    for j in range(W):
        bc, hb = s[BC + j] * s[M_AB + j], s[HB + j] * s[M_HA + j]
        ab, ha = s[AB + j] * s[M_AB + j], s[HA + j] * s[M_HA + j]
        xa, xb, xc = s[XA + j] * s[M_XA + j], s[XB + j] * s[M_XA + j], s[XC + j] * s[M_XA + j]
        s[MA_LEAVE + j] = ab + s[WORSE + j] + ha + xa + hazard
        s[MB_LEAVE + j] = s[BA + j] + s[BETTER + j] + bc + s[WORSE + j] + hb + xb + hazard
        s[MC_LEAVE + j] = s[CB + j] + s[BETTER + j] + hb + xc + hazard
        s[M_AB + j], s[M_BC + j], s[M_HA + j], s[M_HB + j] = ab, bc, ha, hb
        s[M_XA + j], s[M_XB + j], s[M_XC + j] = xa, xb, xc
    if open_:
        for j in range(W):
            s[MX_LEAVE + j] = s[MB_LEAVE + j] + s[TX + j]
            s[MY_LEAVE + j] = s[MC_LEAVE + j] + s[TX + j]
        _exits(s, MX_STAY)
        _exits(s, MY_STAY)
    _exits(s, MA_STAY)
    _exits(s, MB_STAY)
    _exits(s, MC_STAY)


@_part
def _cycle(s, rings, t, hazard, state, point, open_):
    """Visits all states at boundary t and moves everybody to the next."""
    palliative, msc, transplant, bridge = COHORTS, COHORTS + SIZE, COHORTS + 2 * SIZE, COHORTS + 3 * SIZE
    _visit(s, palliative, 4, state)
    _visit(s, msc, 4, state)
    _visit(s, transplant, 6, state)
    _visit(s, bridge, 6, state)
    _month(s, t, hazard, open_)
    for j in range(W):
        s[LASTING + j] *= s[TURN + j]
    first, second = rings[0, t % 12], rings[1, t % 12]
    _unlisted(s, palliative, AB, BC, HA, HB, XA, XB, XC, PA_STAY, PB_STAY, PC_STAY, NONE, NONE, point)
    _unlisted(s, msc, M_AB, M_BC, M_HA, M_HB, M_XA, M_XB, M_XC, MA_STAY, MB_STAY, MC_STAY, BETTER, WORSE, point)
    if open_:
        _listed(
            s, transplant, AB, BC, HA, HB, XA, XB, XC, PA_STAY, TB_STAY, TC_STAY, LH_STAY, NONE, NONE, TX, first, point
        )
        _listed(s, bridge, M_AB, M_BC, M_HA, M_HB, M_XA, M_XB, M_XC, MA_STAY, MX_STAY, MY_STAY, LH_STAY, BETTER, WORSE,
                TX, second, point)  # fmt: skip
    else:
        _listed(
            s, transplant, AB, BC, HA, HB, XA, XB, XC, PA_STAY, PB_STAY, PC_STAY, H_STAY, NONE, NONE, NONE, first, point
        )
        _listed(s, bridge, M_AB, M_BC, M_HA, M_HB, M_XA, M_XB, M_XC, MA_STAY, MB_STAY, MC_STAY, H_STAY, NONE, NONE,
                NONE, second, point)  # fmt: skip


@_part
def _value(s, draws, first, norm, reference, totals):
    """Values the accounts of all cohorts at the norm that held so far, and empties them."""
    ratio = norm / reference
    for strategy in range(4):
        o = COHORTS + strategy * SIZE
        for j in range(W):
            i = first + j
            cost_b, transplant = draws[18, i], draws[23, i]
            cost = draws[17, i] * s[o + 6 * W + j] + cost_b * (s[o + 7 * W + j] + draws[19, i] * s[o + 8 * W + j])
            cost += draws[20, i] * s[o + 9 * W + j] + (draws[24, i] + draws[26, i] * transplant) * s[o + 11 * W + j]
            cost += draws[21, i] * s[o + 12 * W + j] + (1.0 + draws[25, i]) * transplant * s[o + 13 * W + j]
            b = draws[35, i] - draws[36, i]
            effect = min(norm, draws[35, i] * ratio) * s[o + 6 * W + j] + min(norm, b * ratio) * s[o + 7 * W + j]
            effect += (
                min(norm, (b - draws[37, i]) * ratio) * s[o + 8 * W + j]
                + min(norm, draws[38, i] * ratio) * s[o + 9 * W + j]
            )
            effect += (
                min(norm, draws[39, i] * ratio) * s[o + 10 * W + j]
                + min(norm, draws[40, i] * ratio) * s[o + 11 * W + j]
            )
            totals[strategy, i] += cost
            totals[4 + strategy, i] += effect
        for k in range(8):
            for j in range(W):
                s[o + (6 + k) * W + j] = 0.0


@_part
def _infuse(s, draws, first, t, point, fixed, totals):
    """An infusion of everybody who is in A, B or C, at the first three boundaries, with what it costs and takes."""
    for strategy in (1, 3):
        o = COHORTS + strategy * SIZE
        for j in range(W):
            i = first + j
            treated = point * (s[o + j] + s[o + W + j] + s[o + 2 * W + j])
            totals[strategy, i] += treated * (fixed[3] + draws[27, i])
            totals[4 + strategy, i] -= treated * draws[34, i]
            if t == 0:
                totals[strategy, i] += treated * (
                    draws[28, i] + draws[29, i] * draws[30, i] + draws[31, i] * draws[32, i]
                )
                totals[4 + strategy, i] -= treated * draws[31, i] * draws[33, i]


@_part
def _open(s, rings, draws, first, fixed, shift, totals):
    """Everything that a tile begins with."""
    s[:] = 0.0
    rings[:] = 0.0
    for j in range(W):
        i = first + j
        for k in range(13):
            s[k * W + j] = draws[k, i]
        efficacy = draws[13, i]
        s[FULL + j] = draws[14, i]
        s[DECAY + j] = np.log(0.5) / draws[15, i]
        s[LN_WORSE + j] = np.log(fixed[0]) * efficacy
        s[LN_DEATH + j] = np.log(fixed[1]) * efficacy
        s[LN_HCC + j] = np.log(draws[16, i])
        rate = -np.log(1.0 - min(shift[0], fixed[2] * abs(efficacy))) / shift[1]
        s[BETTER + j] = rate if efficacy > 0.0 else 0.0
        s[WORSE + j] = rate if efficacy < 0.0 else 0.0
        s[LASTING + j] = 1.0
        for strategy in range(4):
            s[COHORTS + strategy * SIZE + W + j] = fixed[4]
            s[COHORTS + strategy * SIZE + 2 * W + j] = 1.0 - fixed[4]
            totals[strategy, i] = draws[22, i] if strategy >= 2 else 0.0
            totals[4 + strategy, i] = 0.0


@numba.njit(
    numba.void(
        numba.float64[:, ::1], numba.float64[::1], numba.boolean[::1], numba.float64[::1], numba.float64,
        numba.float64[::1], numba.float64[::1], numba.float64[::1], numba.float64[::1], numba.float64[:, ::1],
    ),
    error_model="numpy", nogil=True, cache=True,
)  # fmt: skip
def _kernel(draws, hazards, listing, norms, reference, states, points, fixed, shift, totals):
    """Fills `totals`, shape (4 costs and 4 effects, draw), from `draws`, shape (parameter, draw), a multiple of W."""
    s = np.empty(ROWS)
    rings = np.empty((2, 12, W))
    cycles = len(hazards) * 12
    for first in range(0, draws.shape[1], W):
        _open(s, rings, draws, first, fixed, shift, totals)
        for t in range(cycles):
            year = t // 12
            if t % 12 == 0:
                if year > 0 and norms[year] != norms[year - 1]:
                    _value(s, draws, first, norms[year - 1], reference, totals)
                _year(s, hazards[year], listing[year])
                if year == 0:
                    for j in range(W):
                        s[TURN + j] = 1.0
                        s[LASTING + j] = s[T_STAY + j] ** 12.0
            if t < 3:
                _infuse(s, draws, first, t, points[t], fixed, totals)
            if t == 3:
                for j in range(W):
                    s[BETTER + j], s[WORSE + j] = 0.0, 0.0
            _cycle(s, rings, t, hazards[year], states[t], points[t + 1], listing[year])
        for strategy in range(4):
            _visit(s, COHORTS + strategy * SIZE, 6, states[cycles])
        _value(s, draws, first, norms[-1], reference, totals)


def fixed_inputs(model: Model) -> tuple[object, ...]:
    """The arguments of the kernel that are the same in all draws. The model must be the shipped one, without layers."""
    from cea.engine.scope import Scope  # noqa: PLC0415
    from cea.engine.solve import solved_values  # noqa: PLC0415

    solved = solved_values(model)
    scope = Scope(model, solved, tuple(model.strategies))
    value = {name: float(np.ravel(scope.names[name])[0]) for name in (*FIXED, "msc_shift_limit", "msc_shift_years")}
    each_year = slice(0, scope.cycles, 12)
    points = 1.03**-scope.years
    states = points * STEP
    states[[0, -1]] *= 0.5
    return (
        scope.names["background_death"][0, 0, each_year].copy(),
        scope.names["age"][0, 0, each_year] < scope.names["listing_age_limit"],
        scope.names["utility_norm_now"][0, 0, each_year].copy(),
        float(scope.names["utility_norm_reference"]), states, points,
        np.array([value[name] for name in FIXED]), np.array([value["msc_shift_limit"], value["msc_shift_years"]]),
    )  # fmt: skip


def evaluate(
    inputs: tuple[object, ...], values: Mapping[str, np.ndarray], threads: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Costs and QALYs, each of shape (sample, strategy), for draws: arrays of shape (sample,) by parameter."""
    samples = len(values[DRAWN[0]])
    cost, effect = np.empty((samples, 4)), np.empty((samples, 4))

    def run(first: int) -> None:
        part = slice(first, min(samples, first + 512))
        draws = np.array([values[name][part] for name in DRAWN])
        count = draws.shape[1]
        draws = np.pad(draws, ((0, 0), (0, -count % W)), mode="edge")
        totals = np.empty((8, draws.shape[1]))
        _kernel(draws, *inputs, totals)
        cost[part], effect[part] = totals[:4, :count].T, totals[4:, :count].T

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(0, samples, 512)))
    return cost, effect
