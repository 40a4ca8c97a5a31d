// What many operators' gradient rules are made of.
#pragma once

#include "runtime/gradient.h"

namespace sardonyx {

/// A scalar, and a tensor in the shape of `like`; both of its element type.
ValueId ScalarLike(NodeBuilder& builder, float value, ValueId like);
ValueId FullLike(NodeBuilder& builder, float value, ValueId like);

/// The elements of x in the shape of `like`.
ValueId ReshapeLike(NodeBuilder& builder, ValueId x, ValueId like);

/// The adjoint of broadcasting `like` to the shape of x: sums along the axes that were stretched.
ValueId SumToLike(NodeBuilder& builder, ValueId x, ValueId like);

/// Rule for operators that only see input 0 in another shape.
Status ViewGradient(GradientContext& context);

/// Rule for operators that put elements of input 0 into other places, or leave them out or repeat
/// them, as their other inputs and attributes say.
Status MovedGradient(GradientContext& context);

/// Rule for operators whose outputs are constant but for jumps.
Status ZeroGradient(GradientContext& context);

}  // namespace sardonyx
