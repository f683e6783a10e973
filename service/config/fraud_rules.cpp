#include <algorithm>
#include <map>

#include "core/money.hpp"
#include "service/config/checks.hpp"

/// Fraud rules: what all have in common is here; what is a kind's own comes from its description (fraud/kind.hpp).
namespace tollgate::config {
namespace {

using fraud::Kind;
using fraud::Parameter;
using Fields = std::vector<Field<FraudRule>>;
using Why = std::optional<std::string>;

std::vector<std::string> kind_names() {
    std::vector<std::string> names;
    for (const Kind& kind : fraud::kinds()) names.push_back(kind.name);
    return names;
}

Why are_amounts(const fraud::Amounts& amounts) {
    if (amounts.empty()) return "must hold at least one amount, like {USD = 200000}";
    for (const auto& [currency, amount] : amounts) {
        if (!Currency::from_code(currency)) return "names a currency that ISO 4217 does not know: " + currency;
        if (amount < 1 || amount > Money::minor_max) return "has an amount for " + currency + " outside 1 to 999999999999";
    }
    return std::nullopt;
}

/// By the type of the value.
Why problem_of(const Parameter& parameter, const std::string& text) {
    return parameter.words.empty() ? std::nullopt : one_of(parameter.words)(text);
}
Why problem_of(const Parameter& parameter, std::int64_t count) {
    return between(parameter.least, parameter.most)(count);
}
Why problem_of(const Parameter& parameter, Milliseconds duration) {
    return at_least(Milliseconds{parameter.least})(duration);
}
Why problem_of(const Parameter&, const fraud::Amounts& amounts) {
    return are_amounts(amounts);
}
Why problem_of(const Parameter&, const std::vector<std::string>&) {
    return std::nullopt;
}
Why problem_of(const Parameter&, bool) {
    return std::nullopt;
}

/// A key of the rule's own kind.
Field<FraudRule> own(const Parameter& parameter) {
    const auto read = [&parameter](FraudRule& rule, const toml::node& node, Reader& reader, const std::string& key) {
        fraud::Value value = parameter.initial;
        const bool well = std::visit([&](auto& typed) { return read_value(typed, node, reader, key); }, value);
        if (!well) return;
        auto why = std::visit([&](const auto& typed) { return problem_of(parameter, typed); }, value);
        if (!why && parameter.check) why = parameter.check(value);
        if (why) return reader.problem(node, key, std::move(*why));
        rule.values.insert_or_assign(parameter.name, std::move(value));
    };
    const auto show = [&parameter](const FraudRule& rule) {
        const auto found = rule.values.find(parameter.name);
        const fraud::Value& value = found == rule.values.end() ? parameter.initial : found->second;
        return std::visit([](const auto& typed) { return shown(typed, Shown::plainly); }, value);
    };
    return {.name = parameter.name, .doc = parameter.doc, .required = parameter.needed, .read = read, .show = show};
}

/// A key of another kind, which is known but has no meaning here.
Field<FraudRule> foreign(const Parameter& parameter, const Kind& owner) {
    const auto read = [&owner](const FraudRule& rule, const toml::node& node, Reader& reader, const std::string& key) {
        if (!rule.kind.empty())  // else that is the problem
            reader.problem(node, key, "belongs to kind " + quoted(owner.name) + ", not to " + quoted(rule.kind));
    };
    return {.name = parameter.name, .read = read, .show = [](const FraudRule&) { return std::string(); }};
}

Fields common_fields() {
    using R = FraudRule;
    return {
        required(field("kind", &R::kind, one_of(kind_names()), "")),
        field("name", &R::name, is_name, "The kind, when left out."),
        field("enabled", &R::enabled, nullptr, "A feature flag."),
        field("shadow", &R::shadow, nullptr, "Judged and recorded, never acted on."),
        always_shown(field("score", &R::score, between(0, 1'000'000), "50 when left out and the action is \"score\".")),
        field("action", &R::action, one_of({"block", "challenge", "score"}), "The kind's own, when left out."),
    };
}

/// The keys of a rule of this kind; of none as long as its kind is not known.
Fields fields_for(const Kind* kind) {
    Fields fields = common_fields();
    if (kind != nullptr)
        for (const Parameter& parameter : kind->parameters) fields.push_back(own(parameter));
    for (const Kind& other : fraud::kinds())
        for (const Parameter& parameter : other.parameters)
            if (std::ranges::find(fields, parameter.name, &Field<FraudRule>::name) == fields.end())
                fields.push_back(foreign(parameter, other));
    return fields;
}

std::map<std::string, Fields, std::less<>> fields_by_kind() {
    std::map<std::string, Fields, std::less<>> fields{{"", fields_for(nullptr)}};
    for (const Kind& kind : fraud::kinds()) fields.emplace(kind.name, fields_for(&kind));
    return fields;
}

}  // namespace

const std::vector<Field<FraudRule>>& fields_of(const FraudRule& rule) {
    static const auto fields = fields_by_kind();
    return fields.at(rule.kind);
}

void complete(FraudRule& rule, const toml::table& table, Reader& reader, const std::string& key) {
    const Kind* kind = fraud::kind_named(rule.kind);
    if (kind == nullptr) return;
    const bool all_good = std::ranges::all_of(kind->parameters, [&](const Parameter& parameter) {
        return rule.values.contains(parameter.name) || (!parameter.needed && !table.contains(parameter.name));
    });
    rule.values = fraud::completed(*kind, std::move(rule.values));
    if (all_good && kind->check)
        if (auto why = kind->check(rule.values)) reader.problem(table, key, std::move(*why));
    if (rule.name.empty()) rule.name = rule.kind;
    if (rule.action.empty()) rule.action = fraud::name(kind->action);
    if (rule.action == "score" && !table.contains("score")) rule.score = 50;
}

std::string fraud_rules_doc() {
    std::string doc =
        "Judged in this order. Every rule has its `kind` and may have a `name` (the kind's, when left out; unique), "
        "`enabled`,\n"
        "`shadow` (judged and recorded, never acted on), `action` (\"block\", \"challenge\" or \"score\"; in brackets what it "
        "is\n"
        "when left out), `score` (50 when left out and the action is \"score\") and its kind's own keys:\n";
    std::string examples;
    for (const Kind& kind : fraud::kinds()) {
        doc += "  " + kind.name + " (" + std::string(fraud::name(kind.action)) + "): " + kind.doc + "\n";
        for (const Parameter& parameter : kind.parameters)
            doc += "    " + parameter.name + (parameter.needed ? " (needed): " : ": ") + parameter.doc + "\n";
        examples += (examples.empty() ? "" : ",\n         ") + ("{kind = " + quoted(kind.name)) +
                    (kind.example.empty() ? "" : ", " + kind.example) + "}";
    }
    return doc + "rules = [" + examples + "]";
}

}  // namespace tollgate::config
