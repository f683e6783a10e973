#pragma once

#include <toml++/toml.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "service/config.hpp"

namespace tollgate::config {

/// Where a value came from, for whoever finds later that it does not fit another one.
struct Origin {
    std::string file;
    unsigned line = 0;
    std::string key;
};

/// What reading the file and the environment shares: where we are, what was found wrong, and the `env:`/`file:` forms.
class Reader {
public:
    explicit Reader(const Environment& environment) : environment_(environment) {}

    /// From now on lines are of this file.
    void enter_file(std::string path) { file_ = std::move(path); }
    /// From now on the one value is of this variable, and has no line.
    void enter_variable(std::string name);

    void problem(const toml::node& node, std::string_view key, std::string why);
    void problem(Origin origin, std::string why);
    void remember(const toml::node& node, const std::string& key) { origins_[key] = origin(node, key); }

    /// The string as meant: `env:NAME` and `file:PATH` are followed. Nothing after a problem.
    [[nodiscard]] std::optional<std::string> text(const toml::node& node, const std::string& key);

    [[nodiscard]] Origin origin_of(const std::string& key) const;
    /// Variables that some `env:NAME` named: they are known, whatever they are called.
    [[nodiscard]] const std::set<std::string>& referenced() const noexcept { return referenced_; }
    [[nodiscard]] std::vector<ConfigProblem> take_problems();

private:
    [[nodiscard]] Origin origin(const toml::node& node, std::string_view key) const;

    const Environment& environment_;
    std::string file_;
    std::string variable_;
    std::map<std::string, Origin> origins_;
    std::set<std::string> referenced_;
    std::vector<ConfigProblem> problems_;
};

/// A text file of at most `bytes_max`; otherwise why not.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace tollgate::config
