import { createBrowserRouter } from "react-router-dom";

export const router = createBrowserRouter([
  { path: "/", element: "welcome" },
  { path: "/orders", element: "orders" },
]);
