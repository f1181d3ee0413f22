import jakarta.servlet.SessionTrackingMode;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/**
 * One pod of the shop that shop.ts describes, in Tomcat: its sessions are in this process, and nobody else knows them. Prints the
 * port that it listens on, and ends with its standard input.
 */
public final class Shop extends HttpServlet {
  private final String pod;

  private Shop(String pod) {
    this.pod = pod;
  }

  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("org.apache").setLevel(Level.WARNING);
    Path directory = Files.createTempDirectory("mooring-servlet");
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(directory.toString());
    Connector connector = new Connector();
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    // The gateway keeps its connections; a server that closes idle ones would race with its next request.
    connector.setProperty("keepAliveTimeout", "-1");
    connector.setProperty("maxKeepAliveRequests", "-1");
    tomcat.setConnector(connector);
    Context context = tomcat.addContext("", directory.toString());
    context.addServletContainerInitializer(
        (classes, servlets) -> servlets.setSessionTrackingModes(Set.of(SessionTrackingMode.COOKIE)), null);
    Tomcat.addServlet(context, "shop", new Shop(arguments[0]));
    context.addServletMappingDecoded("/*", "shop");
    tomcat.start();
    System.out.println(connector.getLocalPort());
    while (System.in.read() >= 0) {}
    Files.walk(directory).sorted((one, other) -> other.compareTo(one)).forEach(path -> path.toFile().delete());
    System.exit(0);
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setHeader("x-pod", pod);
    response.setContentType("text/html");
    switch (request.getMethod() + " " + request.getRequestURI()) {
      case "GET /" -> response.getWriter().print(SIGN_IN);
      case "POST /basket" -> {
        HttpSession session = request.getSession();
        session.setAttribute("items", items(session) + 1);
        response.getWriter().print("basket " + items(session));
      }
      case "POST /login" -> {
        HttpSession session = request.getSession();
        request.changeSessionId();
        session.setAttribute("user", request.getParameter("user"));
        response.sendRedirect("/act");
      }
      case "GET /act" -> {
        HttpSession session = request.getSession(false);
        if (session == null || session.getAttribute("user") == null) {
          response.setStatus(401);
          response.getWriter().print("who are you?");
          return;
        }
        session.setAttribute("items", items(session) + 1);
        response.getWriter().print(session.getAttribute("user") + " " + items(session));
      }
      case "POST /logout" -> {
        HttpSession session = request.getSession(false);
        if (session != null) session.invalidate();
        response.getWriter().print("bye");
      }
      default -> response.setStatus(404);
    }
  }

  private static final String SIGN_IN =
      "<!doctype html><title>shop</title><link rel=icon href=data:,>"
          + "<form method=post action=/login><input name=user><button>Sign in</button></form>";

  private static int items(HttpSession session) {
    Integer items = (Integer) session.getAttribute("items");
    return items == null ? 0 : items;
  }
}
