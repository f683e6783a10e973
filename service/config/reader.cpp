#include "service/config/reader.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tollgate::config {
namespace {

constexpr std::size_t secret_bytes_max = 65'536;

void strip_line_break(std::string& text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
}

}  // namespace

std::expected<std::string, std::string> read_file(const std::string& path, std::size_t bytes_max) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return std::unexpected(std::string("cannot be read: ") + std::strerror(errno));
    if (S_ISDIR(status.st_mode)) return std::unexpected(std::string("is a folder, not a file"));
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::unexpected(std::string("cannot be read: ") + std::strerror(errno));
    std::string text(bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return std::unexpected(std::string("cannot be read"));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > bytes_max) return std::unexpected("is longer than " + std::to_string(bytes_max) + " bytes");
    return text;
}

void Reader::enter_variable(std::string name) {
    file_ = "environment";
    variable_ = std::move(name);
}

Origin Reader::origin(const toml::node& node, std::string_view key) const {
    if (!variable_.empty()) return {file_, 0, variable_};
    return {file_, static_cast<unsigned>(node.source().begin.line), std::string(key)};
}

void Reader::problem(const toml::node& node, std::string_view key, std::string why) {
    // An element of a value that came by environment is named inside its variable.
    auto at = origin(node, key);
    if (auto bracket = key.find('['); !variable_.empty() && bracket != std::string_view::npos)
        at.key += std::string(key.substr(bracket));
    problem(std::move(at), std::move(why));
}

void Reader::problem(Origin origin, std::string why) {
    problems_.push_back({std::move(origin.file), origin.line, std::move(origin.key), std::move(why)});
}

std::optional<std::string> Reader::text(const toml::node& node, const std::string& key) {
    auto written = node.value_exact<std::string>();
    if (!written) {
        problem(node, key, "must be a string in quotes");
        return std::nullopt;
    }
    if (written->starts_with("env:")) {
        auto name = written->substr(4);
        referenced_.insert(name);
        auto found = environment_.find(name);
        if (found == environment_.end()) {
            problem(node, key, "names the environment variable " + name + ", which is not set");
            return std::nullopt;
        }
        auto value = found->second;
        strip_line_break(value);
        return value;
    }
    if (written->starts_with("file:")) {
        auto path = written->substr(5);
        auto content = read_file(path, secret_bytes_max);
        if (!content) {
            problem(node, key, "names the file " + path + ", which " + content.error());
            return std::nullopt;
        }
        strip_line_break(*content);
        return std::move(*content);
    }
    return written;
}

Origin Reader::origin_of(const std::string& key) const {
    auto found = origins_.find(key);
    return found == origins_.end() ? Origin{"", 0, key} : found->second;
}

std::vector<ConfigProblem> Reader::take_problems() {
    // In the order of the file, whatever order the checks ran in.
    std::stable_sort(problems_.begin(), problems_.end(), [](const auto& a, const auto& b) {
        return std::pair(a.file == "environment", a.line) < std::pair(b.file == "environment", b.line);
    });
    return std::move(problems_);
}

}  // namespace tollgate::config
