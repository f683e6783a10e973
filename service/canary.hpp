#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.hpp"

namespace tollgate {

/// A way on which words leave the process.
struct Sink {
    std::string name;                                    // in the sentence when it leaks: "the log (json)"
    std::function<std::string(std::string_view)> words;  // what comes out for what goes in
};

/// Every sink there is, as it is: the log in both formats (a line of ours and one of a library), a problem, an audit record,
/// the label of a metric, a page's body, the archive of webhooks, and what is said on standard error.
[[nodiscard]] std::vector<Sink> every_sink();

/// Sends card data that never was through the sinks: drawn card numbers in many writings, labelled verification codes, the
/// tracks of a magnetic stripe. The sentence that names the first sink to let something through, and how that was written;
/// nothing when all are tight. It looks for what it sent by its own means, so that a fault of the redaction cannot hide itself.
/// Takes a few milliseconds.
[[nodiscard]] std::optional<std::string> find_leak(const std::vector<Sink>& sinks, Random& random);

}  // namespace tollgate
