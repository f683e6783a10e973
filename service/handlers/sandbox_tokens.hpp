#pragma once

#include "gateway/tokenizer.hpp"
#include "service/http/message.hpp"

namespace tollgate {

/// POST /sandbox/tokens `{"number":"4242 4242 4242 4242"}` → 200 `{"token","brand","last4"}`. `exp_month`, `exp_year` and `cvc`
/// are taken and forgotten. 400 `invalid_json` for a body that is none or longer than 4 KiB, 422 `validation_failed` for a
/// number that is none and for any other member; no answer repeats the number. What is read of the body is overwritten before
/// the answer, the body itself after it (http/reader.hpp). Borrows the tokenizer.
[[nodiscard]] http::Route sandbox_tokens_route(Tokenizer& tokenizer);

}  // namespace tollgate
