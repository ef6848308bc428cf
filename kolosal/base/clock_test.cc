#include "kolosal/base/clock.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <thread>

#include "kolosal/base/fit_context.h"

namespace kolosal {
namespace {

TEST(Deadline, IsNeverByDefaultAndForEndlessSeconds) {
  for (const Deadline never : {Deadline(), Deadline::after(std::numeric_limits<double>::infinity()), Deadline::after(1e300)}) {
    EXPECT_TRUE(never.is_never());
    EXPECT_FALSE(never.passed());
    EXPECT_TRUE(std::isinf(never.remaining_seconds()));
  }
}

TEST(Deadline, PassesWhenItsTimeHasCome) {
  const Deadline past = Deadline::after(-1);
  EXPECT_TRUE(past.passed());
  EXPECT_NEAR(past.remaining_seconds(), -1, 0.5);
  const Deadline future = Deadline::after(1000);
  EXPECT_FALSE(future.passed());
  EXPECT_NEAR(future.remaining_seconds(), 1000, 1);
  const Deadline soon = Deadline::after(0.01);
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  EXPECT_TRUE(soon.passed());
}

TEST(Deadline, EarlierTakesTheFirstOfTwo) {
  const Deadline a = Deadline::after(1), b = Deadline::after(2);
  EXPECT_EQ(a.earlier(b).when(), a.when());
  EXPECT_EQ(b.earlier(a).when(), a.when());
  EXPECT_EQ(Deadline().earlier(a).when(), a.when());
  EXPECT_TRUE(Deadline().earlier(Deadline()).is_never());
}

TEST(Stopwatch, MeasuresTimeThatPasses) {
  const Stopwatch watch;
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GE(watch.seconds(), 0.01);
  EXPECT_LT(watch.seconds(), 10);
}

TEST(CancelToken, CopiesShareTheFlag) {
  const CancelToken token;
  CancelToken copy;
  copy = token;
  EXPECT_FALSE(copy.cancelled());
  token.cancel();
  EXPECT_TRUE(copy.cancelled());
  EXPECT_FALSE(CancelToken().cancelled());
}

const CancelToken* token_of_signal = nullptr;

TEST(CancelToken, CanBeSetInASignalHandler) {
  const CancelToken token;
  token_of_signal = &token;
  const auto before = std::signal(SIGUSR1, [](int) { token_of_signal->cancel(); });
  std::raise(SIGUSR1);
  std::signal(SIGUSR1, before);
  EXPECT_TRUE(token.cancelled());
}

TEST(FitContext, StopsForEitherReasonAndSaysWhich) {
  const auto code_of = [](const FitContext& context) {
    try {
      context.check();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::Internal;
  };
  FitContext context;
  EXPECT_FALSE(context.should_stop());
  EXPECT_EQ(code_of(context), ErrorCode::Internal);
  context.deadline = Deadline::after(-1);
  EXPECT_TRUE(context.should_stop());
  EXPECT_EQ(code_of(context), ErrorCode::Timeout);
  const FitContext copy = context;
  context.cancel.cancel();
  EXPECT_EQ(code_of(copy), ErrorCode::Cancelled);
}

}  // namespace
}  // namespace kolosal
