#include <algorithm>
#include <set>

#include "core/country.hpp"
#include "fraud/fold.hpp"
#include "fraud/kind.hpp"
#include "fraud/list_file.hpp"

namespace tollgate::fraud {
namespace {

using Texts = std::vector<std::string>;
using Set = std::set<std::string, std::less<>>;

Set set_of(const Values& values, std::string_view name) {
    const Texts& texts = get<Texts>(values, name);
    return {texts.begin(), texts.end()};
}

Set folded_set_of(const Values& values, std::string_view name) {
    Set set;
    for (const std::string& text : get<Texts>(values, name)) set.insert(folded(text));
    return set;
}

class Blocklist final : public Rule {
public:
    explicit Blocklist(const Values& values)
        : emails_(folded_set_of(values, "emails")),
          customers_(set_of(values, "customers")),
          countries_(set_of(values, "countries")),
          payment_methods_(set_of(values, "payment_methods")) {
        if (const auto& path = get<std::string>(values, "file"); !path.empty()) file_.emplace(path);
    }

    [[nodiscard]] Finding judge(const Facts& facts) const override {
        const auto& [tenant, customer, payment_method, amount] = facts.subject;
        const auto file = file_ ? file_->entries() : nullptr;
        const auto listed = [&file](const Set& own, const std::string& text) {
            return own.contains(text) || (file && file->has(text));
        };
        if (emails_.contains(folded(customer.email)) || (file && file->has_without_case(customer.email)))
            return {true, "the customer's email is on the list"};
        if (listed(customers_, customer.id)) return {true, "the customer is on the list"};
        if (listed(countries_, customer.country)) return {true, "the customer's country is on the list"};
        if (listed(payment_methods_, payment_method)) return {true, "the payment method is on the list"};
        return {false, file_ && !file ? "not on the list, whose file could not be read yet" : "not on the list"};
    }

    [[nodiscard]] std::optional<Reread> look() override { return file_ ? file_->look() : std::nullopt; }

private:
    const Set emails_, customers_, countries_, payment_methods_;
    std::optional<ListFile> file_;
};

Why are_texts(const Value& value) {
    const bool empty = std::ranges::any_of(std::get<Texts>(value), &std::string::empty);
    return empty ? Why("must not hold an empty text") : std::nullopt;
}

Why are_countries(const Value& value) {
    if (std::ranges::all_of(std::get<Texts>(value), is_country)) return std::nullopt;
    return "must hold two-letter codes in upper case (ISO 3166-1 alpha-2), like \"US\"";
}

Why is_readable_list(const Value& value) {
    const auto& path = std::get<std::string>(value);
    const auto problem = path.empty() ? std::nullopt : ListFile::problem(path);
    return problem ? Why("names a file that " + *problem) : std::nullopt;
}

Why blocks_somebody(const Values& values) {
    const bool own = std::ranges::any_of(values, [](const auto& value) {
        const auto* texts = std::get_if<Texts>(&value.second);
        return texts && !texts->empty();
    });
    if (own || !get<std::string>(values, "file").empty()) return std::nullopt;
    return "blocks nobody: give it emails, customers, countries, payment_methods or a file";
}

}  // namespace

Kind blocklist() {
    return {.name = "blocklist",
            .action = Verdict::block,
            .doc = "Hits when one of these is on its lists.",
            .example = "emails = [\"eve@example.com\"]",
            .parameters =
                {{.name = "emails", .initial = Texts(), .doc = "Compared without case (of ASCII letters).", .check = are_texts},
                 {.name = "customers", .initial = Texts(), .doc = "The shop's ids of them.", .check = are_texts},
                 {.name = "countries", .initial = Texts(), .doc = "Two letters, of the customer.", .check = are_countries},
                 {.name = "payment_methods", .initial = Texts(), .doc = "Tokens.", .check = are_texts},
                 {.name = "file",
                  .initial = std::string(),
                  .doc = "Any of the four, one a line, \"#\" before a comment; read again when it changes: rename the new one "
                         "over it.",
                  .check = is_readable_list}},
            .check = blocks_somebody,
            .make = [](const std::string&, const Values& values) { return std::make_shared<Blocklist>(values); }};
}

}  // namespace tollgate::fraud
