from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
import transformers

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import uniform
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.policy import Policy, Request, Usage
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream
from textenvs.evaluation.rollout import play, rollout
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.policies.errors import ContextOverflowError
from textenvs.policies.language_model import LanguageModelPolicy, draw
from textenvs.policies.ledger import Ledger
from textenvs.policies.models import tiny_llama
from textenvs.policies.scripted import ScriptPolicy, StrategyPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens, collate, log_probs
from textenvs.policies.traces import Conversation, TracedPolicy


class Chosen:
    """A stream whose draws make a model that finds every id equally likely sample these ids."""

    def __init__(self, ids, vocabulary_size):
        self.draws = [(id_ + 0.5) / vocabulary_size for id_ in ids]

    def random(self):
        return self.draws.pop(0)


class Still:
    """A stream that must not be asked."""


def naive_log_probs(model, traces, temperature):
    """Log-probability of each reply token by one plain forward pass over all ids, token by token."""
    ids = [id_ for trace in traces for id_ in (*trace.context, *trace.tokens)]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0].double() / temperature
    found, position = [], 0
    for trace in traces:
        position += len(trace.context)
        for id_, allowed in zip(trace.tokens, trace.allowed, strict=True):
            weights = logits[position - 1].exp()
            others = weights if allowed is None else weights[list(allowed)]
            found.append(math.log(weights[id_] / others.sum()))
            position += 1
    return found


def traces_of(played, player=0):
    return [turn.reply.trace for turn in played.turns if turn.player == player]


def texts_of(episodes):
    return [played.episode.replies for played in episodes]


@pytest.fixture(scope="module")
def talker(guesses):
    """A model that has learned from a scripted player to write mostly legal guesses, and sometimes not."""
    tokenizer = WordTokenizer.from_games([guesses], episodes=4)
    traced = TracedPolicy(StrategyPolicy("mixed:0.5"), tokenizer, mode="free")
    episodes = [EpisodeTokens.from_traces(traces_of(played)) for played in rollout(guesses, traced, range(48))]
    model = tiny_llama(len(tokenizer))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(45):
        batch = collate(episodes[step % 3 * 16 :][:16], len(tokenizer))
        loss = -log_probs(model, batch)[batch.sampled].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model, tokenizer


# The same numbers everywhere ----------------------------------------------------------------------


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("form", ["turns", "plan", "reply"])
@pytest.mark.parametrize("mode", ["choose", "free"])
def test_sampling_with_the_cache_plain_and_padded_passes_agree(guesses, talker, mode, form, attention):
    model, tokenizer = copy.deepcopy(talker[0]), talker[1]
    model.set_attn_implementation(attention)
    policy = LanguageModelPolicy(model, tokenizer, mode=mode, temperature=1.3, max_new_tokens=8)
    episodes = list(rollout(guesses, policy, range(9), settings=Settings(form=form), batch=9))
    if form == "turns":
        assert len({len(played.turns) for played in episodes}) > 1
    batch = collate([EpisodeTokens.from_traces(traces_of(played)) for played in episodes], len(tokenizer))
    assert len(set(batch.lengths.tolist())) > 1
    padded = log_probs(model, batch, temperature=1.3)
    assert torch.allclose(padded, batch.old_log_probs, atol=1e-4)
    for row, played in enumerate(episodes):
        naive = naive_log_probs(model, traces_of(played), 1.3)
        assert batch.old_log_probs[row][batch.sampled[row]].tolist() == pytest.approx(naive, abs=1e-4)


def test_the_free_talker_is_sometimes_refused_and_sometimes_not(guesses, talker):
    policy = LanguageModelPolicy(*talker, mode="free", temperature=1.3, max_new_tokens=8)
    refusals = [turn.refusal for played in rollout(guesses, policy, range(9)) for turn in played.turns]
    assert None in refusals
    assert any(refusals)


@pytest.mark.parametrize("form", ["turns", "plan"])
@pytest.mark.parametrize("mode", ["choose", "free"])
def test_no_reply_depends_on_the_batch(guesses, talker, mode, form):
    policy = LanguageModelPolicy(*talker, mode=mode, max_new_tokens=6)
    results = [
        texts_of(rollout(guesses, policy, range(66), settings=Settings(form=form), batch=batch)) for batch in (1, 3, 64)
    ]
    assert results[0] == results[1] == results[2]
    assert len(set(results[0])) > 10


def test_requests_may_come_in_any_order(guesses, tokenizer, opinionated):
    policy = LanguageModelPolicy(opinionated, tokenizer)
    answers = []
    for order in ([0, 1, 2], [2, 0, 1]):
        policy.start(3)
        episodes = [Episode(guesses, seed=seed) for seed in range(3)]
        streams = [Stream(seed, Purpose.POLICY) for seed in range(3)]
        for _ in range(2):
            asked = [Request(slot, episodes[slot], 0, streams[slot]) for slot in order]
            for request, reply in zip(asked, policy.replies(asked), strict=True):
                request.episode.reply(0, reply.text)
        answers.append([episode.replies for episode in episodes])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("seats", [{0, 1}, {1}])
def test_every_seat_of_a_game_for_two_has_its_own_cache(seats):
    game = KuhnPoker()
    tokenizer = WordTokenizer.from_games([game], episodes=8)
    model = tiny_llama(len(tokenizer), seed=5)
    policy = LanguageModelPolicy(model, tokenizer)
    policies = {player: policy if player in seats else StrategyPolicy("random") for player in range(2)}
    for played in rollout(game, policies, range(20), batch=7):
        for player in seats:
            traces = traces_of(played, player)
            if traces:
                found = [log_p for trace in traces for log_p in trace.log_probs]
                assert found == pytest.approx(naive_log_probs(model, traces, 1.0), abs=1e-4)
                ids = [id_ for trace in traces for id_ in (*trace.context, *trace.tokens)]
                whole = Conversation(tokenizer).context(played.episode.dialogues[player])
                assert tuple(ids) == whole[: len(ids)]


@pytest.mark.parametrize("mode", ["choose", "free"])
def test_without_memory_a_reply_depends_on_the_newest_view_alone(guesses, talker, mode):
    model, tokenizer = talker
    policy = LanguageModelPolicy(model, tokenizer, mode=mode, max_new_tokens=6, memoryless=True)
    lengths = set()
    for played in rollout(guesses, policy, range(12), batch=5):
        for number, turn in enumerate(played.turns):
            trace, view = turn.reply.trace, played.episode.dialogues[0][1 + 2 * number]
            assert trace.context == Conversation(tokenizer).context((view,))
            assert list(trace.log_probs) == pytest.approx(naive_log_probs(model, [trace], 1.0), abs=1e-4)
            assert turn.reply.usage.prompt == len(trace.context)
        lengths.add(len(played.turns))
    assert max(lengths) > 1


# The rule of choosing -----------------------------------------------------------------------------


def probabilities(model, tokenizer, game, replies):
    """Probability of each reply to the opening, by the batched pass that training uses."""
    traces = []
    for reply in replies:
        (played,) = play([Episode(game, seed=0)], TracedPolicy(ScriptPolicy([reply] * 9), tokenizer))
        traces.append(traces_of(played)[:1])
    batch = collate([EpisodeTokens.from_traces(trace) for trace in traces], len(tokenizer))
    return log_probs(model, batch).sum(1).exp().tolist()


def test_probabilities_of_all_legal_replies_sum_to_1(guesses, tokenizer, opinionated):
    legal = Episode(guesses, seed=0).legal_replies(0)
    found = dict(zip(legal, probabilities(opinionated, tokenizer, guesses, legal), strict=True))
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    assert min(found.values()) > 0
    assert max(found.values()) > 10 * min(found.values())


def test_the_probability_of_a_reply_is_the_product_over_its_branches(guesses, tokenizer, indifferent):
    legal = Episode(guesses, seed=0).legal_replies(0)
    found = dict(zip(legal, probabilities(indifferent, tokenizer, guesses, legal), strict=True))
    assert found["guess 7"] == pytest.approx(1 / 9)
    for reply in ("guess 1", "guess 10", "guess 11", "guess 12"):
        assert found[reply] == pytest.approx(1 / 9 / 4)


def test_replies_come_up_as_often_as_their_probability_says(guesses, tokenizer, opinionated):
    legal = Episode(guesses, seed=0).legal_replies(0)
    expected = np.array(probabilities(opinionated, tokenizer, guesses, legal))
    policy = LanguageModelPolicy(opinionated, tokenizer)
    count = 2000
    policy.start(count)
    requests = [Request(slot, Episode(guesses, seed=0), 0, Stream(slot, Purpose.POLICY)) for slot in range(count)]
    replies = policy.replies(requests)
    often = np.array([sum(reply.text == wording for reply in replies) for wording in legal])
    chi_square = ((often - count * expected) ** 2 / (count * expected)).sum()
    assert chi_square < 31.3  # 99.9 % quantile with 11 degrees of freedom
    for reply in replies[:50]:
        assert math.exp(sum(reply.trace.log_probs)) == pytest.approx(expected[legal.index(reply.text)], rel=1e-3)


def test_a_long_reply_is_not_punished_for_its_length():
    game = Wordy()
    tokenizer = WordTokenizer.from_games([game], episodes=2)
    model = tiny_llama(len(tokenizer), seed=3)
    short, long = probabilities(model, tokenizer, game, [game.say(None, 1), game.say(None, 2)])
    assert short + long == pytest.approx(1)
    assert long == pytest.approx(0.5, abs=0.1)


def test_draws_invert_the_cumulative_distribution():
    weights = torch.tensor([0.0, 0.2, 0.0, 0.5, 0.3, 0.0])
    targets = [0.0, 0.1, 0.1999, 0.2001, 0.6, 0.6999, 0.7001, math.nextafter(1, 0)]
    ids = draw(weights.log().clamp(min=-1e9).expand(len(targets), -1), targets)
    assert ids.tolist() == [1, 1, 1, 3, 3, 3, 4, 4]
    grid = (np.arange(10_000) + 0.5) / 10_000
    many = draw(weights.log().expand(len(grid), -1), grid.tolist())
    assert (torch.bincount(many, minlength=6) / 1e4).tolist() == pytest.approx(weights.tolist(), abs=1e-3)


def test_no_draw_however_extreme_falls_on_what_is_not_allowed():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2000, 50, generator=generator) * 8
    allowed = torch.rand(2000, 50, generator=generator) < 0.1
    allowed[:, 7] = True
    log_p = torch.log_softmax(logits.masked_fill(~allowed, -1e9), 1)
    for target in (0.0, math.nextafter(1, 0)):
        assert allowed.gather(1, draw(log_p, [target] * 2000).unsqueeze(1)).all()


def test_greedy_takes_the_likeliest_id_and_draws_nothing(guesses, tokenizer, opinionated):
    policy = LanguageModelPolicy(opinionated, tokenizer, greedy=True, temperature=1.5)
    policy.start(1)
    reply = policy.replies([Request(0, Episode(guesses, seed=0), 0, Still())])[0]
    with torch.no_grad():
        logits = opinionated(input_ids=torch.tensor([reply.trace.context + reply.trace.tokens])).logits[0]
    for position, (id_, allowed) in enumerate(zip(reply.trace.tokens, reply.trace.allowed, strict=True)):
        after = logits[len(reply.trace.context) + position - 1]
        assert id_ == max(allowed, key=lambda each, after=after: float(after[each]))
    assert list(reply.trace.log_probs) == pytest.approx(naive_log_probs(opinionated, [reply.trace], 1.5), abs=1e-4)


def test_of_equally_likely_ids_greedy_takes_the_lowest(guesses, tokenizer, indifferent):
    policy = LanguageModelPolicy(indifferent, tokenizer, greedy=True)
    policy.start(1)
    trace = policy.replies([Request(0, Episode(guesses, seed=0), 0, Still())])[0].trace
    assert all(id_ == allowed[0] for id_, allowed in zip(trace.tokens, trace.allowed, strict=True))


# Free replies -------------------------------------------------------------------------------------


def said(tokenizer, *pieces):
    return [tokenizer.pieces.index(piece) for piece in pieces]


def free_reply(model, tokenizer, episode, pieces, **keywords):
    policy = LanguageModelPolicy(model, tokenizer, mode="free", **keywords)
    policy.start(1)
    stream = Chosen(said(tokenizer, *pieces), len(tokenizer))
    return policy, stream, policy.replies([Request(0, episode, 0, stream)])[0]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("guess", "4", "<end>"), "guess 4"),
        (("guess", "1", "##2", "<end>"), "guess 12"),
        (("<end>",), ""),
        (("guess", "<pad>", "4", "<end>"), "guess \ufffd 4"),
        (("<bos>", "<view>", "<reply>", "<unk>", "<end>"), "\ufffd \ufffd \ufffd \ufffd"),
        (("##2", "\n", " ", "4", "<end>"), "2\n 4"),
    ],
)
def test_a_free_reply_is_decoded_for_the_game_and_kept_as_sampled(guesses, tokenizer, indifferent, pieces, text):
    episode = Episode(guesses, seed=0)
    _, stream, reply = free_reply(indifferent, tokenizer, episode, pieces)
    assert reply.text == text
    assert list(reply.trace.tokens) == said(tokenizer, *pieces)
    assert set(reply.trace.allowed) == {None}
    assert reply.trace.log_probs == pytest.approx([-math.log(len(tokenizer))] * len(pieces), abs=1e-4)
    assert stream.draws == []


@pytest.mark.parametrize("pieces", [("##guess", "4", "<end>"), ("guess", "<pad>", "4", "<end>"), ("<view>", "<end>")])
def test_replies_whose_text_would_encode_to_other_ids_are_never_encoded_again(tokenizer, guesses, pieces):
    pieces_known = (*tokenizer.pieces, "##guess")
    tokenizer = WordTokenizer(pieces_known)
    model = tiny_llama(len(tokenizer), seed=2)
    uniform_model = copy.deepcopy(model)
    with torch.no_grad():
        for weight in uniform_model.parameters():
            weight.zero_()
    episode = Episode(guesses, Settings(max_refusals=9), seed=0)
    policy, stream, reply = free_reply(uniform_model, tokenizer, episode, pieces)
    assert (*tokenizer.encode(reply.text), tokenizer.end) != reply.trace.tokens
    episode.reply(0, reply.text)
    stream.draws = [(tokenizer.end + 0.5) / len(tokenizer)]
    again = policy.replies([Request(0, episode, 0, stream)])[0]
    assert again.trace.context[0] == tokenizer.view
    batch = collate([EpisodeTokens.from_traces([reply.trace, again.trace])], len(tokenizer))
    plain = naive_log_probs(model, [reply.trace, again.trace], 1.0)
    assert log_probs(model, batch)[batch.sampled].tolist() == pytest.approx(plain, abs=1e-4)


def test_a_reply_that_is_cut_off_is_read_as_far_as_it_goes_and_closed_unsampled(guesses, tokenizer, indifferent):
    episode = Episode(guesses, seed=0)
    policy, stream, reply = free_reply(indifferent, tokenizer, episode, ("guess", "1"), max_new_tokens=2)
    assert reply.text == "guess 1"
    assert tokenizer.end not in reply.trace.tokens
    assert len(reply.trace.tokens) == 2
    assert episode.reply(0, reply.text).refusal is None
    stream.draws = [(tokenizer.end + 0.5) / len(tokenizer)]
    again = policy.replies([Request(0, episode, 0, stream)])[0]
    assert again.trace.context[:2] == (tokenizer.end, tokenizer.view)
    joined = EpisodeTokens.from_traces([reply.trace, again.trace])
    assert joined.ids[~joined.sampled].tolist().count(tokenizer.end) == 1
    assert joined.ids[joined.sampled].tolist() == [*reply.trace.tokens, tokenizer.end]


def test_a_plan_has_room_for_a_reply_in_each_turn(guesses, tokenizer, indifferent):
    episode = new_episode(guesses, Settings(form="plan"), seed=0)
    pieces = ("guess", "1", "\n") * 2
    _, _, reply = free_reply(indifferent, tokenizer, episode, (*pieces, *pieces), max_new_tokens=3)
    assert len(reply.trace.tokens) == 3 * guesses.max_turns
    assert episode.reply(0, reply.text).refusal is None


# What it costs ------------------------------------------------------------------------------------


def unread(trace):
    """Number of ids at the end of a trace that no later choice needed: the last chosen one and what was forced."""
    chosen = [index for index, allowed in enumerate(trace.allowed) if allowed is None or len(allowed) > 1]
    return len(trace.tokens) - chosen[-1]


@pytest.mark.parametrize("mode", ["choose", "free"])
def test_every_id_is_read_once_and_finished_episodes_cost_nothing(guesses, talker, mode):
    policy = LanguageModelPolicy(*talker, mode=mode, max_new_tokens=6)
    alone = 0
    episodes = []
    for seed in range(12):
        policy.ledger = Ledger()
        episodes += rollout(guesses, policy, [seed])
        traces = traces_of(episodes[-1])
        ids = sum(len(trace.context) + len(trace.tokens) for trace in traces)
        assert policy.ledger.scored_tokens == ids - unread(traces[-1])
        assert policy.ledger.sampled_tokens == sum(len(trace.tokens) for trace in traces)
        alone += policy.ledger.scored_tokens
    assert len({len(played.turns) for played in episodes}) > 1
    policy.ledger = Ledger()
    list(rollout(guesses, policy, range(12), batch=12))
    # All episodes open alike, in mode choose with the forced "guess"; of this all but the last id is read once.
    alike = len(traces_of(episodes[0])[0].context) + (mode == "choose")
    assert policy.ledger.scored_tokens == alone - 11 * (alike - 1)
    assert policy.ledger.environment_steps == 0


@pytest.mark.parametrize("mode", ["choose", "free"])
def test_usage_tells_what_was_asked_read_before_and_written(guesses, talker, mode):
    policy = LanguageModelPolicy(*talker, mode=mode, max_new_tokens=6)
    alone = [played for seed in range(12) for played in rollout(guesses, policy, [seed])]
    for played in alone:
        said, read = 0, 0
        for turn in played.turns:
            trace, usage = turn.reply.trace, turn.reply.usage
            said += len(trace.context)
            assert usage == Usage(prompt=said, cached=read, sampled=len(trace.tokens), calls=1)
            said += len(trace.tokens)
            read = said - unread(trace)
    batched = list(rollout(guesses, policy, range(12), batch=12))
    alike = len(traces_of(batched[0])[0].context)
    first, *others = [played.turns[0].reply.usage.cached for played in batched]
    assert (first, set(others)) == (0, {alike - (mode == "free")})
    for one, other in zip(alone, batched, strict=True):
        assert [turn.reply.usage for turn in one.turns[1:]] == [turn.reply.usage for turn in other.turns[1:]]


def test_tokens_without_alternative_cost_no_call():
    game = Assembly()
    tokenizer = WordTokenizer.from_games([game], episodes=4)
    policy = LanguageModelPolicy(tiny_llama(len(tokenizer)), tokenizer)
    played = list(rollout(game, policy, range(5), batch=5))
    most_turns = max(len(each.turns) for each in played)
    assert policy.ledger.forward_calls == most_turns + 1  # one for what all openings share


def test_a_single_legal_reply_is_given_without_the_model():
    game = Wordy(choices=1)
    tokenizer = WordTokenizer.from_games([game], episodes=2)
    policy = LanguageModelPolicy(tiny_llama(len(tokenizer)), tokenizer)
    (played,) = rollout(game, policy, [0])
    trace = played.turns[0].reply.trace
    assert set(trace.log_probs) == {0.0}
    assert policy.ledger.forward_calls == policy.ledger.scored_tokens == 0
    assert policy.ledger.sampled_tokens == len(trace.tokens)
    assert played.turns[0].reply.usage == Usage(sampled=len(trace.tokens))


# Limits, settings, storage ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["choose", "free"])
def test_an_episode_that_outgrows_the_model_is_an_error_and_reads_nothing(guesses, talker, mode):
    model, tokenizer = copy.deepcopy(talker[0]), talker[1]
    policy = LanguageModelPolicy(model, tokenizer, mode=mode)
    (played,) = rollout(guesses, policy, [0])
    traces = traces_of(played)
    read = sum(len(trace.context) + len(trace.tokens) for trace in traces) - unread(traces[-1])
    model.config.max_position_embeddings = read
    list(rollout(guesses, policy, [0]))
    model.config.max_position_embeddings = read - 1
    policy.ledger = Ledger()
    with pytest.raises(ContextOverflowError, match=f"reached {read} tokens and the model reads at most {read - 1}"):
        list(rollout(guesses, policy, [0]))
    assert policy.ledger.scored_tokens < read


def test_start_forgets_everything(guesses, tokenizer, opinionated):
    policy = LanguageModelPolicy(opinionated, tokenizer)
    first = texts_of(rollout(guesses, policy, range(4)))
    other = texts_of(rollout(guesses, policy, range(4, 8), batch=2))
    assert texts_of(rollout(guesses, policy, range(4))) == first != other


def test_global_generators_are_left_alone(guesses, tokenizer, opinionated):
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    states = torch.get_rng_state().clone(), np.random.get_state()[1].copy()  # noqa: NPY002
    list(rollout(guesses, LanguageModelPolicy(opinionated, tokenizer), range(3)))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002


def test_a_saved_policy_plays_the_same(tmp_path, capfd, guesses, tokenizer, opinionated):
    policy = LanguageModelPolicy(
        opinionated, tokenizer, mode="free", temperature=0.5, max_new_tokens=7, greedy=False, name="cloned"
    )
    policy.save(tmp_path / "new" / "folder")
    ledger = Ledger()
    loaded = LanguageModelPolicy.load(tmp_path / "new" / "folder", ledger=ledger)
    assert (loaded.mode, loaded.temperature, loaded.max_new_tokens, loaded.name) == ("free", 0.5, 7, "cloned")
    assert (tmp_path / "new" / "folder" / "model.safetensors").is_file()
    assert texts_of(rollout(guesses, loaded, range(6))) == texts_of(rollout(guesses, policy, range(6)))
    assert ledger.sampled_tokens > 0
    for mine, theirs in zip(opinionated.parameters(), loaded.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert capfd.readouterr() == ("", "")
    assert transformers.utils.logging.is_progress_bar_enabled()


def test_a_folder_without_a_policy_is_named(tmp_path):
    with pytest.raises(ArgumentError, match="holds no saved policy"):
        LanguageModelPolicy.load(tmp_path)


@pytest.mark.parametrize("keywords", [{"temperature": 0.0}, {"temperature": -1.0}, {"max_new_tokens": 0}])
def test_numbers_out_of_range_are_refused(tokenizer, opinionated, keywords):
    with pytest.raises(ArgumentError, match=next(iter(keywords))):
        LanguageModelPolicy(opinionated, tokenizer, **keywords)


def test_unknown_modes_and_ill_fitting_models_are_refused(tokenizer, opinionated):
    with pytest.raises(UnknownNameError, match="mode 'chose'; did you mean 'choose'"):
        LanguageModelPolicy(opinionated, tokenizer, mode="chose")
    with pytest.raises(ArgumentError, match="the model knows"):
        LanguageModelPolicy(tiny_llama(len(tokenizer) + 1), tokenizer)


def test_it_is_a_policy(tokenizer, opinionated):
    assert isinstance(LanguageModelPolicy(opinionated, tokenizer), Policy)
    assert isinstance(TracedPolicy(ScriptPolicy([]), tokenizer), Policy)


class Wordy(GuessNumber):
    """One guess, where saying the second number takes many words."""

    def __init__(self, choices=2):
        super().__init__(high=2, guesses=1)
        object.__setattr__(self, "choices", choices)

    def legal(self, state, player):
        return (1, 2)[: self.choices]

    def say(self, state, move):
        return "guess 1" if move == 1 else "guess 2, " + "which is my very long way to say that it is two, " * 3

    def expert(self, state, player):
        return uniform(self.legal(state, player))
