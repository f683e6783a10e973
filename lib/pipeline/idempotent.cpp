#include "pipeline/idempotent.hpp"

namespace tollgate {

PaymentError refusal_of(Begun begun) {
    switch (begun.kind) {
        case Begun::Kind::reused:
            return {Code::idempotency_key_reused,
                    "this Idempotency-Key came before with another payload; send that payload again, or take another key for "
                    "something else"};
        default:
            if (begun.error) return *std::move(begun.error);
            return {Code::internal, "the store refused to begin a charge and did not say why"};
    }
}

}  // namespace tollgate
