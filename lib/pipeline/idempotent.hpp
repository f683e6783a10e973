#pragma once

#include <type_traits>
#include <utility>

#include "core/mutant.hpp"
#include "pipeline/admission.hpp"
#include "pipeline/service.hpp"

namespace tollgate {

/// The refusal a begin ended in: `reused` or `refused`.
[[nodiscard]] PaymentError refusal_of(Begun begun);

/// One key, one charge: begins it in a single store transition, together with what the layers inside ask of the store, and
/// lets in only what is this caller's to run. Its request has a member `begin`, which is spent. See pipeline/admission.hpp for
/// what it calls.
template <class Inner>
class IdempotentService {
public:
    IdempotentService(Inner inner, ChargeStore& store, Milliseconds answer_ttl, Milliseconds duplicates_window,
                      const Clock& clock)
        : inner_(std::move(inner)),
          store_(store),
          answer_ttl_(answer_ttl),
          duplicates_window_(duplicates_window),
          clock_(clock) {}

    template <class Request>
    auto operator()(Request request) -> std::invoke_result_t<Inner&, Request, Begun> {
        prepare(request);
        auto begun = co_await store_.begin(std::move(request.begin));
        if (!begun) co_return fail(std::move(begun.error()));

        if (without(Safeguard::deduplication) && begun->kind == Begun::Kind::in_flight) begun->kind = Begun::Kind::fresh;
        switch (begun->kind) {
            case Begun::Kind::fresh:
            case Begun::Kind::taken_over:
                co_return co_await inner_(std::move(request), std::move(*begun));
            case Begun::Kind::replay:
            case Begun::Kind::settled:
            case Begun::Kind::in_flight:
            case Begun::Kind::duplicate:  // an answer about another charge
                co_return co_await presented(bare(inner_).present(std::as_const(request), std::as_const(*begun)));
            case Begun::Kind::reused:
            case Begun::Kind::refused:
                co_return fail(refusal_of(std::move(*begun)));
        }
        std::unreachable();
    }

private:
    template <class Request>
    void prepare(Request& request) {
        BeginCharge& begin = request.begin;
        begin.now = clock_.wall();
        begin.answer_ttl = answer_ttl_;
        begin.duplicates_window = duplicates_window_;
        Admission admission = std::move(begin.admission);
        admit(inner_, std::as_const(request), admission);
        begin.admission = std::move(admission);
    }

    /// Presenting needs I/O or it does not.
    template <class Response>
    static Task<Result<Response>> presented(Result<Response> result) {
        co_return result;
    }
    template <class Response>
    static Task<Result<Response>> presented(Task<Result<Response>> result) {
        return result;
    }

    Inner inner_;
    ChargeStore& store_;
    const Milliseconds answer_ttl_;
    const Milliseconds duplicates_window_;
    const Clock& clock_;
};

struct IdempotentLayer : Layer {
    ChargeStore& store;
    Milliseconds answer_ttl;
    Milliseconds duplicates_window;
    const Clock& clock;

    template <class Inner>
    auto wrap(Inner inner) && {
        return IdempotentService<Inner>(std::move(inner), store, answer_ttl, duplicates_window, clock);
    }
};

/// `answer_ttl` is how long an answer is kept; within `duplicates_window` (zero: off) the same order is not charged again under
/// another key.
[[nodiscard]] inline IdempotentLayer idempotent(ChargeStore& store, Milliseconds answer_ttl, Milliseconds duplicates_window,
                                                const Runtime& runtime) {
    return {{}, store, answer_ttl, duplicates_window, runtime.clock};
}

}  // namespace tollgate
