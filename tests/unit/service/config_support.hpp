#pragma once

#include <algorithm>
#include <string>

#include "service/config.hpp"
#include "support/folder.hpp"

inline const std::string some_hash =
    "hmac-sha256:8453fb0be8cd1118e52a43b0d9334a95:b9e1ce50f7b1fd3baec8cd2f3a9639a00de7c1556b68f112e2f38f02fe3b597a";

using Problems = std::vector<tollgate::ConfigProblem>;

/// What is wrong with a file of this text.
inline Problems problems_of(const std::string& toml, const tollgate::Environment& environment = {}) {
    Folder folder;
    auto settings = tollgate::load_settings(folder.write("tollgate.toml", toml), environment);
    return settings ? Problems{} : settings.error();
}

inline bool tells(const Problems& problems, unsigned line, const std::string& key, const std::string& why) {
    return std::ranges::any_of(problems, [&](const auto& problem) {
        return problem.line == line && problem.key == key && problem.why.find(why) != std::string::npos;
    });
}

inline std::string all_of(const Problems& problems) {
    std::string text;
    for (const auto& problem : problems) text += to_string(problem) + "\n";
    return text;
}
