#include "simulation/post.hpp"

#include <utility>

#include "signing/signatures.hpp"

namespace tollgate::simulation {

using namespace std::chrono_literals;

void Post::bring(std::string webhook) {
    ++on_the_way_;
    spawn(scheduler_.nature().runtime().executor, carry(std::move(webhook)));
}

Task<void> Post::carry(std::string webhook) {
    const Runtime& runtime = scheduler_.nature().runtime();
    for (;;) {
        if (Instance* const instance = fleet_.any()) {
            const auto reply = std::make_shared<Reply>(runtime);
            instance->post({.pattern = "/webhook",
                            .capture = {},
                            .key = {},
                            .body = webhook,
                            .signature = stripe_signature("whsec_sandbox", runtime.clock.wall(), webhook)},
                           reply);
            const auto heard = co_await reply->wait_until(runtime.clock.steady() + 10s);
            const int status = heard && *heard ? (*heard)->status : 0;
            history_.note(scheduler_.now(), "webhook", webhook, status);
            if (status == 200) break;
        }
        co_await sleep_for(runtime, faults_.between(Fault::tells, 500ms, 1min));
    }
    --on_the_way_;
}

}  // namespace tollgate::simulation
