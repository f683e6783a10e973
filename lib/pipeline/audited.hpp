#pragma once

#include <type_traits>
#include <utility>

#include "pipeline/outcome.hpp"
#include "pipeline/service.hpp"
#include "stores/ports.hpp"

namespace tollgate {

/// Writes down every call twice: as an "attempt" before it is made, so that none goes unrecorded whatever becomes of it, and
/// with its outcome after.
template <class Inner, class Describe>
class AuditedService {
public:
    AuditedService(Inner inner, AuditLog& log, Describe describe, const Clock& clock)
        : inner_(std::move(inner)), log_(log), describe_(std::move(describe)), clock_(clock) {}

    template <class Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request> {
        AuditRecord record = describe_(std::as_const(request));
        append(record, "attempt");
        auto result = co_await inner_(std::move(request));
        append(std::move(record), outcome_of(result));
        co_return result;
    }

private:
    void append(AuditRecord record, std::string outcome) {
        record.at = clock_.wall();
        record.outcome = std::move(outcome);
        log_.append(std::move(record));
    }

    Inner inner_;
    AuditLog& log_;
    Describe describe_;
    const Clock& clock_;
};

template <class Describe>
struct AuditedLayer : Layer {
    AuditLog& log;
    Describe describe;
    const Clock& clock;

    template <class Inner>
    auto wrap(Inner inner) && {
        return AuditedService<Inner, Describe>(std::move(inner), log, std::move(describe), clock);
    }
};

/// `describe(request)` says who does what, from where, on which charge; time and outcome are filled in.
template <class Describe>
[[nodiscard]] AuditedLayer<Describe> audited(AuditLog& log, Describe describe, const Runtime& runtime) {
    return {{}, log, std::move(describe), runtime.clock};
}

}  // namespace tollgate
