#pragma once

#include <string>

#include "support/stripe/ledger.hpp"

namespace tollgate::test::stripe_api {

/// One call whose parameters are decoded: a query's or a body's.
struct Call {
    std::string method;
    std::string path;
    Form form;
    At at;
    Milliseconds search_lag{0};
};

/// What the API answers, with `expand` done. Throws `Refusal`; `begun` turns true once the endpoint executes.
[[nodiscard]] json::object answer(Ledger& ledger, const Call& call, bool& begun);

}  // namespace tollgate::test::stripe_api
