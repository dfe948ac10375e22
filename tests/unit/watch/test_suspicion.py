"""The sequential test's rules, one test each (see the module's docstring)."""

from __future__ import annotations

import pytest

from garde.model.actor import Actor, ActorKind, Process
from garde.model.finding import Finding, Proof
from garde.watch.suspicion import Level, Suspicion
from garde.watch.weights import Weights, bound, load

HALF_LIFE = 6 * 3600.0
STRONG = frozenset({Proof.TYPE_LOST, Proof.RANDOM_CHANGE})
TREE = [Level("tree", "7:1000"), Level("user", "local:anna"), Level("share", "/srv"), Level("host", "")]
ONE = ("session", 7, 1000)


def actor(pid: int = 7, user: str = "anna") -> Actor:
    return Actor(ActorKind.PROCESS, Process(pid, 1, 1, pid, 1000, "python3", "/usr/bin/python3", "/"), user)


def finding(name: str, proofs: frozenset[Proof] = STRONG, who: Actor | None = None) -> Finding:
    path = name.encode()
    return Finding(1.0, path, path, proofs, who or actor(), "pdf", "unknown", 4096, False)


@pytest.fixture
def weights() -> Weights:
    return load()


@pytest.fixture
def suspicion(weights: Weights) -> Suspicion:
    return Suspicion(weights, bound(1e-6, 0.01), HALF_LIFE)


def test_three_unreadable_files_are_a_verdict_and_two_are_not(suspicion: Suspicion) -> None:
    assert suspicion.add(finding("/srv/a"), ONE, TREE, 0.0) is None
    assert suspicion.add(finding("/srv/b"), ONE, TREE, 0.1) is None
    verdict = suspicion.add(finding("/srv/c"), ONE, TREE, 0.2)
    assert verdict is not None
    assert (verdict.level, len(verdict.findings)) == ("tree", 3)
    assert verdict.score >= verdict.bound


def test_a_file_counts_once_and_more_proof_counts_more(suspicion: Suspicion) -> None:
    for _ in range(10):
        assert suspicion.add(finding("/srv/a"), ONE, TREE, 0.0) is None
    weak = frozenset({Proof.RANDOM_CHANGE})
    suspicion.add(finding("/srv/b", weak), ONE, TREE, 0.0)
    before = suspicion.score(TREE[0], 0.0)
    suspicion.add(finding("/srv/b", STRONG), ONE, TREE, 0.0)
    assert suspicion.score(TREE[0], 0.0) == pytest.approx(before + 2.0)


def test_evidence_decays_in_hours_and_a_minute_between_files_still_holds(suspicion: Suspicion) -> None:
    for number in range(2):
        assert suspicion.add(finding(f"/srv/{number}"), ONE, TREE, number * 60.0) is None
    assert suspicion.add(finding("/srv/2"), ONE, TREE, 120.0) is not None

    later = Suspicion(load(), bound(1e-6, 0.01), HALF_LIFE)
    later.add(finding("/srv/0"), ONE, TREE, 0.0)
    assert later.score(TREE[0], HALF_LIFE) == pytest.approx(later.score(TREE[0], 0.0) / 2)


def test_one_file_a_minute_is_held_by_the_fifth_file_whatever_the_strong_proof(weights: Weights) -> None:
    for proofs in (STRONG, frozenset({Proof.STRUCTURE_BROKEN}), frozenset({Proof.TEXT_LOST, Proof.RANDOM_CHANGE})):
        suspicion = Suspicion(weights, bound(1e-6, 0.01), HALF_LIFE)
        verdicts = [suspicion.add(finding(f"/srv/{n}", proofs), ONE, TREE, n * 60.0) for n in range(5)]
        assert any(verdicts), proofs


def test_broken_structure_and_bait_never_decay(suspicion: Suspicion) -> None:
    suspicion.add(finding("/srv/a", frozenset({Proof.STRUCTURE_BROKEN})), ONE, TREE, 0.0)
    assert suspicion.score(TREE[0], 1000 * HALF_LIFE) == pytest.approx(4.7)


def test_healthy_changes_free_no_single_hand_and_never_go_below_zero(suspicion: Suspicion) -> None:
    suspicion.add(finding("/srv/a"), ONE, TREE, 0.0)
    suspicion.add(finding("/srv/b"), ONE, TREE, 0.0)
    for _ in range(1000):
        suspicion.healthy(TREE)
    assert suspicion.score(TREE[2], 0.0) == 0.0
    assert suspicion.add(finding("/srv/c"), ONE, TREE, 0.0) is not None


def test_many_hands_with_one_file_each_cross_at_the_host_and_all_are_named(suspicion: Suspicion) -> None:
    verdict = None
    hands = []
    for number in range(18):
        key = ("session", 100 + number, 1000 + number)
        levels = [Level("tree", str(number)), Level("user", f"u{number}"), Level("host", "")]
        hands.append(key)
        verdict = suspicion.add(finding(f"/srv/{number}", who=actor(number + 2, f"u{number}")), key, levels, 0.0)
        if verdict:
            break
    assert verdict is not None
    assert verdict.level == "host"
    assert suspicion.parties_of(verdict) == hands
    assert len(verdict.actors) == len(hands) == 5  # the wide level asks for two files more


def test_what_is_explained_leaves_the_shared_levels_but_not_the_hands_own(suspicion: Suspicion) -> None:
    for name in "abc":
        suspicion.add(finding(f"/srv/{name}"), ONE, TREE, 0.0)
    suspicion.explain_away([ONE])
    assert suspicion.score(TREE[3], 0.0) == 0.0
    assert suspicion.score(TREE[2], 0.0) == 0.0
    other = ("session", 9, 1001)
    others = [Level("tree", "9:1001"), Level("user", "local:ben"), *TREE[2:]]
    assert suspicion.add(finding("/srv/x", who=actor(9, "ben")), other, others, 1.0) is None
    respawned = ("session", 8, 1000)
    assert suspicion.add(finding("/srv/d"), respawned, [Level("tree", "8:1000"), *TREE[1:]], 1.0) is not None


def test_weak_evidence_is_not_completed_by_anothers_deeds(suspicion: Suspicion) -> None:
    for name in "abc":
        suspicion.add(finding(f"/srv/{name}"), ONE, TREE, 0.0)
    colleague = ("session", 9, 1000)
    levels = [Level("tree", "9:1000"), *TREE[1:]]
    weak = frozenset({Proof.RANDOM_CHANGE})
    assert suspicion.add(finding("/srv/x", weak), colleague, levels, 1.0) is None
    assert suspicion.add(finding("/srv/y"), colleague, levels, 1.0) is not None


def test_a_hand_that_was_let_go_starts_from_nothing(suspicion: Suspicion) -> None:
    for name in "abc":
        suspicion.add(finding(f"/srv/{name}"), ONE, TREE, 0.0)
    suspicion.forget([ONE])
    assert all(suspicion.score(level, 0.0) == 0.0 for level in TREE)
    assert suspicion.add(finding("/srv/d"), ONE, TREE, 1.0) is None


def test_deleting_and_emptying_weigh_nothing(suspicion: Suspicion) -> None:
    for number in range(500):
        proofs = frozenset({Proof.MISSING if number % 2 else Proof.EMPTIED})
        assert suspicion.add(finding(f"/srv/{number}", proofs), ONE, TREE, 0.0) is None


def test_a_foreign_write_in_the_vault_is_a_verdict_by_itself(suspicion: Suspicion) -> None:
    assert suspicion.add(finding("/srv/.garde-vault/x", frozenset({Proof.VAULT_TOUCHED})), ONE, TREE, 0.0) is not None


def test_memory_stays_bounded(suspicion: Suspicion) -> None:
    for number in range(2000):
        suspicion.add(finding(f"/srv/{number}", frozenset({Proof.STILL_RANDOM})), ONE, TREE[3:], 0.0)
    assert suspicion.score(TREE[3], 0.0) == pytest.approx(500 * 0.2)


def test_every_proof_has_a_weight_and_one_file_never_decides(weights: Weights) -> None:
    assert set(weights.weight) == set(Proof)
    everything = set(Proof) - weights.beyond_cap
    assert sum(weights.of(everything)) <= weights.cap
    assert 2 * weights.cap < bound(1e-6, 0.01) <= 3 * weights.cap


def test_while_raised_three_files_with_a_strong_proof_are_a_verdict_and_two_are_not(suspicion: Suspicion) -> None:
    usual = {level: suspicion.bound(level) for level in TREE}
    suspicion.raised = True
    assert all(suspicion.bound(level) == pytest.approx(bound - 3.5) for level, bound in usual.items())
    assert suspicion.add(finding("/srv/a"), ONE, TREE, 0.0) is None
    assert suspicion.add(finding("/srv/b"), ONE, TREE, 0.1) is None  # a person encrypts two files in place
    verdict = suspicion.add(finding("/srv/c", frozenset({Proof.TEXT_LOST})), ONE, TREE, 60.0)
    assert verdict is not None and (verdict.level, verdict.bound) == ("tree", 10.31)
    suspicion.raised = False
    assert {level: suspicion.bound(level) for level in TREE} == usual


@pytest.mark.parametrize("proof", [proof for proof, weight in load().weight.items() if weight >= 2.0])
@pytest.mark.parametrize("seconds", [5.0, 600.0])
def test_while_raised_any_proof_is_a_verdict_before_a_fifth_file(
    suspicion: Suspicion, proof: Proof, seconds: float
) -> None:
    suspicion.raised = True
    found = [suspicion.add(finding(f"/srv/{n}", frozenset({proof})), ONE, TREE, n * seconds) for n in range(4)]
    assert found[0] is None or proof in {Proof.VAULT_TOUCHED, Proof.LISTED}  # `listed` is never found alone
    assert any(found)


def test_while_raised_what_weighs_nothing_still_weighs_nothing(suspicion: Suspicion) -> None:
    suspicion.raised = True
    for proof in (Proof.STILL_RANDOM, Proof.EMPTIED, Proof.MISSING):
        for number in range(40):
            assert suspicion.add(finding(f"/srv/{proof}-{number}", frozenset({proof})), ONE, TREE, 0.0) is None


def test_a_hand_that_was_judged_elsewhere_is_judged_at_its_first_strong_finding(suspicion: Suspicion) -> None:
    assert suspicion.elsewhere(TREE[0], ONE, 0.0) is None, "nothing is held against it here"
    suspicion.add(finding("/srv/a", frozenset({Proof.RANDOM_CHANGE})), ONE, TREE, 0.0)
    assert suspicion.elsewhere(TREE[0], ONE, 0.0) is None, "what is weak stays weak"
    suspicion.add(finding("/srv/b"), ONE, TREE, 0.0)
    verdict = suspicion.elsewhere(TREE[0], ONE, 0.0)
    assert verdict is not None and verdict.level == "tree" and verdict.score < verdict.bound
    assert suspicion.parties_of(verdict) == [ONE]
