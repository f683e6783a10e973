#include "payments/hear.hpp"

#include <algorithm>
#include <utility>

#include "payments/operation.hpp"

namespace tollgate {
namespace {

using Kind = NewsOutcome::Kind;

Heard known(std::string why) {
    return {.kind = Kind::known, .why = std::move(why), .ledger = {}, .occurrences = {}};
}

Heard too_soon(std::string why) {
    return {.kind = Kind::too_soon, .why = std::move(why), .ledger = {}, .occurrences = {}};
}

Heard conflict(std::string why) {
    return {.kind = Kind::conflict, .why = std::move(why), .ledger = {}, .occurrences = {}};
}

Heard applied(std::string why) {
    return {.kind = Kind::applied, .why = std::move(why), .ledger = {}, .occurrences = {}};
}

LedgerEntry moved(const Charge& charge, std::string type, std::string id, std::int64_t amount) {
    return {std::move(type), std::move(id), amount, std::string(charge.request.amount.currency.code()), {}};
}

/// When the gateway says that it moved, so that both books have it on the same day; nothing when that cannot be.
std::optional<WallTime> moved_at(const Charge& charge, const GatewayNews& news, WallTime now) noexcept {
    constexpr Milliseconds clocks_apart{300'000};
    const bool possible = news.at && *news.at <= now && *news.at >= charge.created_at - clocks_apart;
    return possible ? news.at : std::nullopt;
}

bool is_at(const Charge& charge, Step step) noexcept {
    return charge.intent && charge.intent->step == step;
}

bool waits_for_customer(const Charge& charge) noexcept {
    return status_of(charge) == ChargeStatus::requires_action;
}

/// An authorization may be under way, or wait for the customer: its outcome is open.
bool authorization_is_open(const Charge& charge) noexcept {
    return !charge.failure && !charge.authorization && (is_at(charge, Step::authorize) || waits_for_customer(charge));
}

std::int64_t amount_of(const GatewayNews& news, std::int64_t otherwise) noexcept {
    return news.amount ? news.amount->minor : otherwise;
}

Heard authorized(Charge& charge, const GatewayNews& news, WallTime now) {
    if (charge.authorization) {
        if (news.authorization_id.empty() || news.authorization_id == charge.authorization->id)
            return known("authorized already");
        return conflict("the charge has another authorization; one of them is to be voided at the gateway");
    }
    if (charge.failure) return conflict("the charge has ended without it; the authorization is to be voided at the gateway");
    if (!authorization_is_open(charge)) return too_soon("the charge is not authorized yet");
    if (news.authorization_id.empty()) return conflict("it names no authorization");
    if (amount_of(news, charge.request.amount.minor) != charge.request.amount.minor) {
        return conflict("another amount was authorized than was asked for");
    }
    charge.authorization = Authorization{.id = news.authorization_id, .expires_at = now + authorization_validity};
    charge.redirect_url.clear();
    charge.waiting_id.clear();
    Heard heard = applied("authorized");
    heard.ledger.push_back(moved(charge, "authorize", news.authorization_id, charge.request.amount.minor));
    return heard;
}

Heard captured(Charge& charge, const GatewayNews& news, WallTime now) {
    if (!charge.capture_id.empty()) {
        if (news.capture_id.empty() || news.capture_id == charge.capture_id) return known("captured already");
        return conflict("the charge has another capture; one of them is to be refunded at the gateway");
    }
    if (!charge.void_id.empty()) return conflict("the charge's authorization was voided; the capture is to be refunded");
    if (news.capture_id.empty()) return conflict("it names no capture");

    const std::int64_t asked = charge.request.amount.minor;
    const std::int64_t amount = amount_of(news, asked);
    const bool in_part = charge.request.manual_capture && amount > 0 && amount < asked;
    if (amount != asked && !in_part) return conflict("another amount was captured than was asked for");

    Heard heard = applied("captured");
    if (!charge.authorization) {  // the news of it come later, or never
        GatewayNews before = news;
        before.amount.reset();
        if (authorization_is_open(charge) && before.authorization_id.empty()) return too_soon("it names no authorization");
        Heard first = authorized(charge, before, now);
        if (first.kind != Kind::applied) return first;
        heard.ledger = std::move(first.ledger);
    } else if (!news.authorization_id.empty() && news.authorization_id != charge.authorization->id) {
        return conflict("it is a capture of another authorization than the charge's");
    }
    charge.capture_id = news.capture_id;
    charge.captured = amount;
    heard.ledger.push_back(moved(charge, "capture", news.capture_id, amount));
    if (amount < asked) heard.ledger.push_back(moved(charge, "release", news.capture_id, asked - amount));
    return heard;
}

/// Of an authorization that has been replaced, or of one of the two and it is not told which.
bool speaks_of_superseded(const Charge& charge, const GatewayNews& news) noexcept {
    if (charge.superseded_id.empty()) return false;
    const bool unclear = news.kind == GatewayNews::Kind::voided && news.authorization_id.empty();
    return unclear || news.authorization_id == charge.superseded_id;
}

Heard voided(Charge& charge, const GatewayNews& news) {
    if (!charge.void_id.empty()) return known("voided already");
    if (!charge.capture_id.empty()) return conflict("the charge is captured: what was voided is not its authorization");
    if (charge.authorization && !news.authorization_id.empty() && news.authorization_id != charge.authorization->id) {
        return conflict("it is another authorization than the charge's");
    }
    if (is_at(charge, Step::capture)) return too_soon("the charge is being captured; how that ends is not known yet");
    if (!charge.authorization) {
        if (charge.failure) return known("nothing was held");
        if (!authorization_is_open(charge)) return too_soon("the charge is not authorized yet");
        charge.failure = Failure{.step = Step::authorize,
                                 .error = {Code::checkout_reversed, "the payment was canceled at the gateway"},
                                 .voided = true};
        charge.void_id = charge.waiting_id;
        return applied("canceled before it was authorized");
    }
    if (steps_up(charge) && !charge.failure) {
        Heard heard = applied("voided, to be asked for again");
        heard.ledger.push_back(moved(charge, "void", charge.authorization->id, charge.request.amount.minor));
        conclude_step_up(charge);
        return heard;
    }
    charge.void_id = charge.authorization->id;
    if (!charge.failure) {
        charge.failure = Failure{.step = Step::capture,
                                 .error = {Code::checkout_reversed, "the authorization was voided at the gateway"},
                                 .voided = true};
    }
    Heard heard = applied("voided");
    heard.ledger.push_back(moved(charge, "void", charge.void_id, charge.request.amount.minor));
    return heard;
}

/// What is refunded or disputed was captured, though nobody has told of that: of a manual charge it is not known how much.
Heard taken_as_captured(Charge& charge, const GatewayNews& news, WallTime now) {
    if (!charge.capture_id.empty()) return known("captured already");
    if (charge.failure && !charge.authorization) return conflict("the charge has ended without taking money");
    if (news.capture_id.empty() || charge.request.manual_capture) return too_soon("the charge is not captured yet");
    GatewayNews before = news;
    before.amount.reset();
    return captured(charge, before, now);
}

/// What the refund that is under way asks for; none where that is surely none.
std::optional<std::int64_t> amount_under_way(const Charge& charge) noexcept {
    if (!is_at(charge, Step::refund) || !charge.intent->sent) return std::nullopt;
    return charge.failure ? unrefunded(charge) : first_pending(charge)->amount;
}

/// Nothing but the news can tell what became of a refund that a shop asked for. Else its look-up does, by its key: another one
/// of the same amount, made elsewhere, must not be taken for it.
bool only_news_can_tell(const Intent& intent) noexcept {
    return intent.spent || intent.paged;
}

/// Its answer, or its look-up, tells more than news do.
bool awaits_authorization(const Charge& charge) noexcept {
    return authorization_is_open(charge) && is_at(charge, Step::authorize) && charge.intent->sent &&
           !only_news_can_tell(*charge.intent);
}

bool tells_of_authorization(GatewayNews::Kind kind) noexcept {
    using News = GatewayNews::Kind;
    return kind == News::authorized || kind == News::captured || kind == News::refunded || kind == News::disputed;
}

/// The one that is under way has been made: of an undoing, which the shop hears of by its end, or of an operation. What comes
/// next has an intent of its own.
void conclude_refund(Charge& charge, const std::string& id, Heard& heard) {
    if (charge.failure) {
        charge.refund_id = id;
        return;
    }
    Refund& refund = charge.refunds[static_cast<std::size_t>(first_pending(charge) - charge.refunds.begin())];
    refund.id = id;
    refund.reason.clear();
    charge.intent.reset();
    heard.occurrences.push_back({Occurrence::Kind::refunded, id});
}

/// A refund of its own, or all that has been refunded until now: then what is new of it.
Heard refunded(Charge& charge, const GatewayNews& news) {
    const std::int64_t given_back = charge.captured - unrefunded(charge);
    std::int64_t amount = amount_of(news, charge.captured - given_back);
    std::string id = news.refund_id;
    const auto under_way = amount_under_way(charge);
    if (news.in_total) {
        if (under_way) return too_soon("a refund is under way; how it ends is not known yet");
        id = charge.capture_id + ":" + std::to_string(amount);
        amount -= given_back;
        if (amount <= 0) return known("refunded already");
    }
    if (id.empty()) return conflict("it names no refund");
    const auto same = std::ranges::find(charge.refunds, id, &Refund::id);
    if (same != charge.refunds.end() && news.amount && !news.in_total && same->amount != amount) {
        return conflict("the refund is known with another amount");
    }
    if (id == charge.refund_id || same != charge.refunds.end()) return known("refunded already");
    if (amount <= 0 || amount > charge.captured - given_back) {
        return conflict("it would give back more than what was captured and not refunded");
    }
    if (charge.refunds.size() >= returns_max) return conflict("the charge has too many refunds to keep");

    Heard heard = applied("refunded");
    if (under_way) {
        const bool may_be_it = charge.failure || only_news_can_tell(*charge.intent);
        if (amount != *under_way || !may_be_it) return too_soon("another refund is under way; how it ends is not known yet");
        conclude_refund(charge, id, heard);
    } else {
        charge.refunds.push_back({id, amount, {}, {}});
        heard.occurrences.push_back({Occurrence::Kind::refunded, id});
    }
    heard.ledger.push_back(moved(charge, "refund", std::move(id), amount));
    return heard;
}

Heard disputed(Charge& charge, const GatewayNews& news) {
    std::string id = news.dispute_id.empty() ? charge.capture_id : news.dispute_id;
    if (std::ranges::find(charge.disputes, id) != charge.disputes.end()) return known("disputed already");
    if (charge.disputes.size() >= returns_max) return conflict("the charge has too many disputes to keep");
    charge.disputes.push_back(id);
    Heard heard = applied("disputed");
    heard.occurrences.push_back({Occurrence::Kind::disputed, id});
    heard.ledger.push_back(moved(charge, "dispute", std::move(id), amount_of(news, charge.captured)));
    return heard;
}

Heard action_completed(Charge& charge) {
    if (!waits_for_customer(charge)) {
        if (is_at(charge, Step::reserve)) return too_soon("the charge is not authorized yet");
        return known("nobody waits for the customer");
    }
    customer_is_back(charge);
    return applied("the customer has authenticated");
}

Heard failed(Charge& charge, const GatewayNews& news) {
    if (charge.failure || charge.authorization) return known("it is of no use any more");
    if (!authorization_is_open(charge)) return too_soon("the charge is not authorized yet");
    // After an authentication the failure may be that of the authorization before it.
    if (!waits_for_customer(charge) && charge.actions > 0) {
        return too_soon("another authorization is under way; how it ends is not known yet");
    }
    charge.failure = Failure{.step = Step::authorize, .error = {news.why, "the gateway declined the payment"}};
    return applied("declined");
}

/// Behind the capture that it rests on, which may be news as well; all of it or nothing.
Heard after_capture(Charge& charge, const GatewayNews& news, WallTime now, Heard (*tell)(Charge&, const GatewayNews&)) {
    Charge changed = charge;
    Heard first = taken_as_captured(changed, news, now);
    if (first.kind != Kind::applied && first.kind != Kind::known) return first;
    Heard heard = tell(changed, news);
    if (heard.kind != Kind::applied) return heard;
    charge = std::move(changed);
    heard.ledger.insert(heard.ledger.begin(), first.ledger.begin(), first.ledger.end());
    return heard;
}

Heard hear_fitting(Charge& charge, const GatewayNews& news, WallTime now) {
    switch (news.kind) {
        case GatewayNews::Kind::authorized:
            return authorized(charge, news, now);
        case GatewayNews::Kind::captured:
            return captured(charge, news, now);
        case GatewayNews::Kind::voided:
            return voided(charge, news);
        case GatewayNews::Kind::refunded:
            return after_capture(charge, news, now, refunded);
        case GatewayNews::Kind::disputed:
            return after_capture(charge, news, now, disputed);
        case GatewayNews::Kind::action_completed:
            return action_completed(charge);
        case GatewayNews::Kind::failed:
            return failed(charge, news);
    }
    std::unreachable();
}

}  // namespace

Heard hear(Charge& charge, const GatewayNews& news, WallTime now, bool judged) {
    if (news.amount && news.amount->currency != charge.request.amount.currency) {
        return conflict("it speaks of another currency than the charge's");
    }
    if (speaks_of_superseded(charge, news)) {
        if (news.kind == GatewayNews::Kind::captured) return conflict("it is a capture of an authorization that was voided");
        return known("it speaks of an authorization that was replaced");
    }
    if (judged && tells_of_authorization(news.kind) && awaits_authorization(charge)) {
        return too_soon("the authorization is under way; its own answer tells of the card as well");
    }
    Heard heard = hear_fitting(charge, news, now);
    for (LedgerEntry& entry : heard.ledger) entry.moved_at = moved_at(charge, news, now);
    return heard;
}

}  // namespace tollgate
