#include "support/stripe/endpoints.hpp"

#include <algorithm>
#include <charconv>

namespace tollgate::test::stripe_api {
namespace {

/// Puts the object in the place of its id, along "latest_charge.balance_transaction" (docs.stripe.com/api/expanding_objects).
/// What has several kinds (the sources of balance transactions) need not have the property in all of them.
void expand(const Ledger& ledger, json::object& object, std::string_view path, bool of_several_kinds = false) {
    const std::string name(path.substr(0, path.find('.')));
    const std::string_view rest = name.size() < path.size() ? path.substr(name.size() + 1) : std::string_view();
    if (name == "refunds" && object["object"] == "charge") {
        json::array list;
        for (const auto& [id, refund] : ledger.refunds) {
            if (object["id"] == json::value(refund.charge)) list.insert(list.begin(), ledger.render(refund));
        }
        object["refunds"] = json::object{{"object", "list"}, {"data", std::move(list)}, {"has_more", false}};
        return;
    }
    json::value* const value = object.if_contains(name);
    if (value == nullptr && of_several_kinds) return;
    if (value == nullptr) throw invalid("This property cannot be expanded (" + name + ").", "expand");
    if (value->is_array()) {
        for (auto& one : value->get_array()) {
            if (!rest.empty()) expand(ledger, one.as_object(), rest);
        }
        return;
    }
    if (value->is_string()) {
        json::object whole = ledger.render(std::string(value->get_string()));
        if (whole.empty()) throw invalid("This property cannot be expanded (" + name + ").", "expand");
        *value = std::move(whole);
    }
    if (value->is_object() && !rest.empty()) expand(ledger, value->get_object(), rest, name == "source");
}

std::int64_t whole_number(const std::string& text, std::string_view name) {
    std::int64_t number = 0;
    if (text.empty() || std::from_chars(text.data(), text.data() + text.size(), number).ptr != text.data() + text.size())
        throw invalid("Invalid integer: " + text, name, "parameter_invalid_integer");
    return number;
}

bool created_within(const Form& form, std::int64_t created) {
    const auto holds = [&](std::string_view name, auto compare) {
        const auto bound = form.find(name);
        return !bound || compare(created, whole_number(*bound, name));
    };
    return holds("created", std::equal_to<>()) && holds("created[gte]", std::greater_equal<>()) &&
           holds("created[gt]", std::greater<>()) && holds("created[lt]", std::less<>()) &&
           holds("created[lte]", std::less_equal<>());
}

std::size_t limit_of(const Form& form) {
    const std::int64_t limit = form.has("limit") ? whole_number(form.text("limit"), "limit") : 10;
    if (limit < 1 || limit > 100) throw invalid("Limit must be between 1 and 100", "limit", "parameter_invalid_integer");
    return static_cast<std::size_t>(limit);
}

/// The newest first, as docs.stripe.com/api/pagination has it.
template <class All, class Wanted>
json::object list(const Ledger& ledger, const Call& call, std::string_view what, const All& all, Wanted wanted) {
    const std::size_t limit = limit_of(call.form);
    const std::string after = call.form.text("starting_after");
    if (!after.empty() && !all.contains(after)) throw missing(what, after, "starting_after", 400);
    json::array data;
    bool more = false;
    for (auto one = all.rbegin(); one != all.rend() && !more; ++one) {
        if ((!after.empty() && one->first >= after) || !created_within(call.form, seconds(one->second.created)) ||
            !wanted(one->second))
            continue;
        more = data.size() == limit;
        if (!more) data.push_back(ledger.render(one->second));
    }
    return {{"object", "list"}, {"url", call.path}, {"has_more", more}, {"data", std::move(data)}};
}

/// `status:'succeeded' AND metadata['reference']:'ch_1'` (docs.stripe.com/search, "Search query language").
bool matches(const json::object& intent, std::string query) {
    while (!query.empty()) {
        const std::size_t end = query.find(" AND ");
        std::string clause = query.substr(0, end);
        query = end == query.npos ? "" : query.substr(end + 5);
        std::ranges::replace(clause, '"', '\'');
        const std::size_t colon = clause.rfind(':');
        if (colon == clause.npos) throw invalid("We were unable to parse your search query.", "query");
        std::string field = clause.substr(0, colon);
        std::string value = clause.substr(colon + 1);
        if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') value = value.substr(1, value.size() - 2);
        const json::object* in = &intent;
        if (field.starts_with("metadata['") && field.ends_with("']")) {
            in = &intent.at("metadata").as_object();
            field = field.substr(10, field.size() - 12);
        } else if (field != "status" && field != "currency") {
            throw invalid("Field `" + field + "` is an unsupported search field", "query");
        }
        const json::value* const found = in->if_contains(field);
        if (found == nullptr || *found != json::value(value)) return false;
    }
    return true;
}

json::object search(const Ledger& ledger, const Call& call) {
    allow_only(call.form, {"query", "limit", "page", "expand[]"});
    require(call.form, {"query"});
    const std::size_t limit = limit_of(call.form);
    std::size_t skip = call.form.has("page") ? static_cast<std::size_t>(whole_number(call.form.text("page"), "page")) : 0;
    const std::size_t begin = skip;
    json::array data;
    bool more = false;
    for (auto one = ledger.intents.rbegin(); one != ledger.intents.rend() && !more; ++one) {
        const json::object* indexed = nullptr;  // as the index has it by now
        for (const auto& [since, intent] : one->second.history) {
            if (since + call.search_lag <= call.at.now) indexed = &intent;
        }
        if (indexed == nullptr || !matches(*indexed, call.form.text("query"))) continue;
        if (skip > 0) {
            --skip;
            continue;
        }
        more = data.size() == limit;
        if (!more) data.push_back(*indexed);
    }
    return {{"object", "search_result"},
            {"url", call.path},
            {"has_more", more},
            {"next_page", more ? json::value(std::to_string(begin + limit)) : json::value(nullptr)},
            {"data", std::move(data)}};
}

std::initializer_list<std::string_view> create_parameters() {
    static const std::initializer_list<std::string_view> names{"amount",
                                                               "currency",
                                                               "confirm",
                                                               "capture_method",
                                                               "confirmation_method",
                                                               "payment_method",
                                                               "payment_method_data[type]",
                                                               "payment_method_data[card][token]",
                                                               "payment_method_data[billing_details][*]",
                                                               "payment_method_options[card][request_three_d_secure]",
                                                               "payment_method_options[card][capture_method]",
                                                               "payment_method_types[]",
                                                               "automatic_payment_methods[enabled]",
                                                               "automatic_payment_methods[allow_redirects]",
                                                               "metadata[*]",
                                                               "description",
                                                               "return_url",
                                                               "expand[]",
                                                               "customer",
                                                               "receipt_email",
                                                               "statement_descriptor",
                                                               "statement_descriptor_suffix",
                                                               "off_session",
                                                               "error_on_requires_action",
                                                               "setup_future_usage",
                                                               "shipping[*]",
                                                               "use_stripe_sdk",
                                                               "transfer_group",
                                                               "radar_options[session]"};
    return names;
}

/// The segments behind "/v1/"; empty strings where there are none.
struct Path {
    std::string resource;
    std::string id;
    std::string action;

    explicit Path(std::string_view path) {
        if (!path.starts_with("/v1/")) return;
        path.remove_prefix(4);
        for (std::string* const part : {&resource, &id, &action}) {
            *part = path.substr(0, path.find('/'));
            path.remove_prefix(std::min(path.size(), part->size() + 1));
        }
        if (!path.empty()) resource.clear();
    }
};

json::object post(Ledger& ledger, const Call& call, const Path& path, bool& begun) {
    const Form& form = call.form;
    const bool intents = path.resource == "payment_intents";
    if (intents && path.id.empty()) {
        allow_only(form, create_parameters());
        require(form, {"amount", "currency"});
        begun = true;
        return ledger.render(ledger.create(form, call.at));
    }
    if (intents && path.action == "confirm") {
        allow_only(form, {"payment_method", "payment_method_data[type]", "payment_method_data[card][token]",
                          "payment_method_options[card][request_three_d_secure]", "payment_method_types[]", "return_url",
                          "expand[]", "off_session", "error_on_requires_action", "use_stripe_sdk", "receipt_email",
                          "setup_future_usage", "shipping[*]", "capture_method", "radar_options[session]"});
        begun = true;
        return ledger.render(ledger.confirm(path.id, form, call.at));
    }
    if (intents && path.action == "capture") {
        allow_only(form, {"amount_to_capture", "final_capture", "metadata[*]", "expand[]", "statement_descriptor",
                          "statement_descriptor_suffix", "application_fee_amount"});
        begun = true;
        return ledger.render(ledger.capture(path.id, form, call.at));
    }
    if (intents && path.action == "cancel") {
        allow_only(form, {"cancellation_reason", "expand[]"});
        begun = true;
        return ledger.render(ledger.cancel(path.id, form, call.at));
    }
    if (path.resource == "refunds" && path.id.empty()) {
        allow_only(form, {"amount", "charge", "payment_intent", "reason", "metadata[*]", "expand[]", "reverse_transfer",
                          "refund_application_fee", "instructions_email"});
        begun = true;
        return ledger.render(ledger.refund(form, call.at));
    }
    Refusal refusal = invalid("Unrecognized request URL (POST: " + call.path + ").");
    refusal.status = 404;
    throw refusal;
}

json::object get_list(const Ledger& ledger, const Call& call, const Path& path) {
    const Form& form = call.form;
    const auto names = {"limit",        "starting_after", "expand[]",    "created",
                        "created[gte]", "created[gt]",    "created[lt]", "created[lte]"};
    const auto allow = [&](std::initializer_list<std::string_view> more) {
        for (const auto& [name, value] : form.items()) {
            if (std::ranges::find(names, name) == names.end() && std::ranges::find(more, name) == more.end())
                throw invalid("Received unknown parameter: " + name, name, "parameter_unknown");
        }
    };
    if (path.resource == "payment_intents") {
        allow({"customer"});
        return list(ledger, call, "payment_intent", ledger.intents, [&](const Intent&) { return !form.has("customer"); });
    }
    if (path.resource == "refunds") {
        allow({"charge", "payment_intent"});
        return list(ledger, call, "refund", ledger.refunds, [&](const Refund& refund) {
            return form.find("charge").value_or(refund.charge) == refund.charge &&
                   (!form.has("payment_intent") || ledger.charges.at(refund.charge).intent == form.text("payment_intent"));
        });
    }
    if (path.resource == "charges") {
        allow({"payment_intent", "customer"});
        return list(ledger, call, "charge", ledger.charges,
                    [&](const Charge& charge) { return form.find("payment_intent").value_or(charge.intent) == charge.intent; });
    }
    if (path.resource == "balance_transactions") {
        allow({"type", "source", "currency", "payout"});
        return list(ledger, call, "balance_transaction", ledger.transactions, [&](const Transaction& one) {
            return form.find("type").value_or(one.type) == one.type && form.find("source").value_or(one.source) == one.source &&
                   form.find("currency").value_or(one.currency) == one.currency;
        });
    }
    Refusal refusal = invalid("Unrecognized request URL (GET: " + call.path + ").");
    refusal.status = 404;
    throw refusal;
}

json::object get(const Ledger& ledger, const Call& call, const Path& path) {
    if (path.id.empty()) return get_list(ledger, call, path);
    if (path.resource == "payment_intents" && path.id == "search") return search(ledger, call);
    allow_only(call.form, {"expand[]"});
    json::object found;
    if (const auto at = ledger.intents.find(path.id); path.resource == "payment_intents" && at != ledger.intents.end())
        found = ledger.render(at->second);
    if (const auto at = ledger.charges.find(path.id); path.resource == "charges" && at != ledger.charges.end())
        found = ledger.render(at->second);
    if (const auto at = ledger.refunds.find(path.id); path.resource == "refunds" && at != ledger.refunds.end())
        found = ledger.render(at->second);
    if (found.empty() || !path.action.empty()) throw missing(path.resource, path.id, "id", 404);
    return found;
}

}  // namespace

json::object answer(Ledger& ledger, const Call& call, bool& begun) {
    const Path path(call.path);
    json::object object = call.method == "POST" ? post(ledger, call, path, begun) : get(ledger, call, path);
    for (const std::string& name : call.form.all("expand[]")) {
        if (std::ranges::count(name, '.') > 3) throw invalid("You cannot expand more than 4 levels.", "expand");
        expand(ledger, object, name);
    }
    return object;
}

}  // namespace tollgate::test::stripe_api
