#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/time.hpp"
#include "fraud/risk.hpp"

/// What kinds of rules there are, each described once, in its own file in fraud/rules: its name, its configuration keys and
/// what makes a rule of them. A kind is added with that file and one line in kinds.cpp; the configuration, its checks, its
/// documentation and the building of the screen follow.
namespace tollgate::fraud {

class Rule;

/// Amounts in minor units by ISO 4217 code.
using Amounts = std::map<std::string, std::int64_t>;

/// What a key of a rule may hold: a text, several, a count, a duration, a flag, amounts.
using Value = std::variant<std::string, std::vector<std::string>, std::int64_t, Milliseconds, bool, Amounts>;

/// The values of a rule's own keys.
using Values = std::map<std::string, Value, std::less<>>;

/// What is wrong with a value, for people: "must …", "names …"; nothing when it is good. Never quotes it.
using Why = std::optional<std::string>;

/// A configuration key of a kind.
struct Parameter {
    std::string name;
    Value initial;                                                 // what it is when left out, and with it its type
    bool needed = false;                                           // it cannot be left out
    std::string doc;                                               // a sentence
    std::vector<std::string> words = {};                           // of a text: the only ones there are; empty: any text
    std::int64_t least = 0;                                        // of a count, or of a duration in milliseconds
    std::int64_t most = std::numeric_limits<std::int64_t>::max();  // of a count
    std::function<Why(const Value&)> check = nullptr;              // what else must hold
};

struct Kind {
    std::string name;
    Verdict action;       // of a rule that names no other
    std::string doc;      // a sentence: when it hits
    std::string example;  // the least that a rule needs beside its kind, as TOML: "threshold = {USD = 200000}"; empty: nothing
    std::vector<Parameter> parameters;
    std::function<Why(const Values&)> check = nullptr;  // of several keys together

    /// The values have been checked and none is left out; `rule` is the rule's name.
    std::function<std::shared_ptr<Rule>(const std::string& rule, const Values& values)> make;
};

/// Every kind, in the order of the documentation.
[[nodiscard]] const std::vector<Kind>& kinds();

/// None for a name that no kind has.
[[nodiscard]] const Kind* kind_named(std::string_view name);

/// The values, with what is left out as it is then.
[[nodiscard]] Values completed(const Kind& kind, Values values);

/// For a kind that reads what it declared itself.
template <class T>
[[nodiscard]] const T& get(const Values& values, std::string_view name) {
    return std::get<T>(values.find(name)->second);
}

}  // namespace tollgate::fraud
