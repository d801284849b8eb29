import Hummingbird
import AsyncHTTPClient
import Yams
