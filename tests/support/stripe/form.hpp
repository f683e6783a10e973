#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tollgate::test::stripe_api {

/// The parameters of one call: "a[b][c]=v", form encoded, in a body or a query (docs.stripe.com/api). The subscripts of an
/// array, whether empty or counted, read as "[]".
class Form {
public:
    [[nodiscard]] static Form decode(std::string_view text);

    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    /// Empty when it was not sent.
    [[nodiscard]] std::string text(std::string_view name) const { return find(name).value_or(""); }
    [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
    [[nodiscard]] bool is_true(std::string_view name) const { return text(name) == "true"; }
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
    /// What was sent as "name[key]", by key.
    [[nodiscard]] std::map<std::string, std::string> under(std::string_view name) const;

    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& items() const noexcept { return items_; }

private:
    std::vector<std::pair<std::string, std::string>> items_;
};

}  // namespace tollgate::test::stripe_api
