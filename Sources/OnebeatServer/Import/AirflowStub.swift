/// As much of Airflow as it takes to import a file of DAGs without it: DAGs, operators of any name, groups, decorators, and what
/// joins them. What else a file asks of Airflow is an object that takes anything and does nothing.
enum AirflowStub {
    static let program = #"""
        import datetime, functools, importlib.abc, importlib.machinery, sys, types, zoneinfo
        from unittest.mock import MagicMock

        class AutoDAGs:
            """DAGs that no variable of their file holds, as Airflow itself notes them."""
            context = None

            @classmethod
            def begin(cls, name):
                try:
                    from airflow.sdk.definitions._internal.contextmanager import DagContext as cls_context
                except ImportError:
                    try:
                        from airflow.models.dag import DagContext as cls_context
                    except ImportError:
                        cls_context = None
                cls.context = cls_context
                if cls_context is not None and not isinstance(cls_context, MagicMock):
                    cls_context.current_autoregister_module_name = name

            @classmethod
            def found(cls, name):
                noted = getattr(cls.context, "autoregistered_dags", None)
                return [dag for dag, module in noted if module.__name__ == name] if isinstance(noted, set) else StubDAG.all

        def flat(things):
            for thing in things if isinstance(things, (list, tuple)) else [things]:
                if isinstance(thing, (list, tuple)):
                    yield from flat(thing)
                else:
                    yield thing

        class Joined:
            """What >> and << join."""
            def ends(self):
                return [self]

            def starts(self):
                return [self]

            def join(self, others):
                for other in flat(others):
                    if isinstance(other, StubEdge):
                        other.sources += self.ends()
                    elif isinstance(other, Joined):
                        for below in other.starts():
                            below.upstream_task_ids.update(above.task_id for above in self.ends())

            def __rshift__(self, other):
                self.join(other)
                return other

            def __lshift__(self, other):
                for above in flat(other):
                    if isinstance(above, Joined):
                        above.join(self)
                return other

            def __rrshift__(self, other):
                self.__lshift__(other)
                return self

            def __rlshift__(self, other):
                self.join(other)
                return self

            def set_downstream(self, other, *args, **kwargs):
                self.join(other)

            def set_upstream(self, other, *args, **kwargs):
                self.__lshift__(other)

        class StubEdge(Joined):
            def __init__(self, *args, **kwargs):
                self.sources = []

            def ends(self):
                return self.sources

        class StubDAG:
            all, open = [], []

            def __init__(self, dag_id="dag", *args, **kwargs):
                given = [kwargs.pop(key) for key in ("schedule", "schedule_interval", "timetable") if key in kwargs]
                self.__dict__.update(kwargs)
                self.dag_id, self.tasks = dag_id, []
                self.default_args = kwargs.get("default_args") or {}
                self.schedule = given[0] if given else StubUnnamedSchedule()
                StubDAG.all.append(self)

            def __enter__(self):
                StubDAG.open.append(self)
                return self

            def __exit__(self, *error):
                StubDAG.open.pop()

        StubDAG.__name__ = "DAG"

        class StubUnnamedSchedule:
            def __repr__(self):
                return "not named; Airflow 2 takes a day, Airflow 3 none"

        class StubTask(Joined):
            is_mapped = False

            def __init__(self, *args, task_id=None, dag=None, task_group=None, **kwargs):
                dag = dag or (StubDAG.open[-1] if StubDAG.open else None)
                group = task_group or (StubGroup.open[-1] if StubGroup.open else None)
                self.__dict__.update({**(dag.default_args if dag else {}), **kwargs})
                self.task_id = f"{group.prefix}{task_id}" if group else str(task_id)
                self.upstream_task_ids = set()
                if group:
                    group.tasks.append(self)
                if dag:
                    taken, name, number = {task.task_id for task in dag.tasks}, self.task_id, 1
                    while kwargs.get("stub_numbered") and self.task_id in taken:
                        self.task_id, number = f"{name}__{number}", number + 1
                    dag.tasks.append(self)
                for value in flat(list(kwargs.values())):
                    if isinstance(value, StubTask):
                        value.join(self)

            output = property(lambda self: self)

            def __getitem__(self, key):
                return self

            def __iter__(self):
                return iter(())

            @classmethod
            def partial(cls, **kwargs):
                made = MagicMock()
                made.expand = made.expand_kwargs = lambda *args, **more: cls.mapped(**kwargs, **more)
                return made

            @classmethod
            def mapped(cls, **kwargs):
                made = cls(**kwargs)
                made.is_mapped = True
                return made

        class StubGroup(Joined):
            open = []

            def __init__(self, group_id="group", *args, **kwargs):
                outer = StubGroup.open[-1] if StubGroup.open else None
                is_prefixed = kwargs.get("prefix_group_id", True)
                self.prefix = (outer.prefix if outer else "") + (f"{group_id}." if is_prefixed else "")
                self.tasks, self.outer = [], outer

            def __enter__(self):
                StubGroup.open.append(self)
                return self

            def __exit__(self, *error):
                StubGroup.open.pop()
                if self.outer:
                    self.outer.tasks += self.tasks

            def starts(self):
                own = {task.task_id for task in self.tasks}
                return [task for task in self.tasks if not task.upstream_task_ids & own]

            def ends(self):
                above = {name for task in self.tasks for name in task.upstream_task_ids}
                return [task for task in self.tasks if task.task_id not in above]

        class StubTaskDecorator:
            def __init__(self, kind="_PythonDecoratedOperator"):
                self.kind = kind

            def __getattr__(self, name):
                return StubTaskDecorator(f"_{name.capitalize()}DecoratedOperator")

            def __call__(self, function=None, **options):
                if function is None:
                    return lambda function: self(function, **options)

                def make(*args, stub_mapped=False, **kwargs):
                    made = type(self.kind, (StubTask,), {})(
                        **{"task_id": function.__name__, **options}, python_callable=function, op_args=list(args),
                        op_kwargs=list(kwargs.values()), stub_numbered=True)
                    made.is_mapped = stub_mapped
                    return made

                functools.update_wrapper(make, function)
                make.override = lambda **more: self(function, **{**options, **more})
                make.expand = make.expand_kwargs = lambda *args, **kwargs: make(*args, stub_mapped=True, **kwargs)
                make.partial = lambda **kwargs: MagicMock(expand=lambda **more: make(stub_mapped=True, **kwargs, **more))
                return make

        def stub_scope(kind, key):
            def decorator(name=None, **options):
                def wrapped(function):
                    def make(*args, **kwargs):
                        scope = kind(**{key: function.__name__, **({key: name} if isinstance(name, str) else {}), **options})
                        with scope:
                            function(*args, **kwargs)
                        return scope
                    return functools.update_wrapper(make, function)
                return wrapped(name) if callable(name) else wrapped
            return decorator

        def chain(*things):
            for above, below in zip(things, things[1:]):
                if isinstance(above, (list, tuple)) and isinstance(below, (list, tuple)):
                    for one, other in zip(above, below):
                        one >> other
                else:
                    for one in flat(above):
                        one >> below

        def cross_downstream(above, below):
            for one in flat(above):
                one >> below

        class StubTimetable:
            def __init__(self, *args, timezone="UTC", **kwargs):
                self.__dict__.update(kwargs, timezone=timezone)
                if args and isinstance(args[0], str):
                    self.expression = args[0]
                    if len(args) > 1:
                        self.timetables = [StubTimetable(text, timezone=timezone) for text in args]
                if args and isinstance(args[0], datetime.timedelta):
                    self.delta = args[0]

            def __repr__(self):
                return type(self).__name__

        KNOWN = {"DAG": StubDAG, "TaskGroup": StubGroup, "Label": StubEdge, "EdgeModifier": StubEdge, "chain": chain,
                 "cross_downstream": cross_downstream, "task": StubTaskDecorator(), "dag": stub_scope(StubDAG, "dag_id"),
                 "task_group": stub_scope(StubGroup, "group_id"), "BaseOperator": StubTask}

        def zone(name="UTC"):
            return zoneinfo.ZoneInfo(name) if isinstance(name, str) else name

        PENDULUM = {"datetime": lambda *args, tz="UTC", **kwargs: datetime.datetime(*args, tzinfo=zone(tz), **kwargs),
                    "timezone": zone, "duration": datetime.timedelta, "DateTime": datetime.datetime,
                    "parse": lambda text, tz="UTC": datetime.datetime.fromisoformat(text).replace(tzinfo=zone(tz))}

        class StubModule(types.ModuleType):
            __path__ = []

            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                if self.__name__.startswith("pendulum"):
                    made = PENDULUM.get(name) or MagicMock()
                elif name in KNOWN:
                    made = KNOWN[name]
                elif name.endswith(("Operator", "Sensor", "SensorAsync", "OperatorAsync")):
                    made = type(name, (StubTask,), {})
                elif name.endswith("Timetable"):
                    made = type(name, (StubTimetable,), {})
                elif name in ("Asset", "Dataset"):
                    made = type(name, (StubTimetable,), {"__hash__": object.__hash__})
                elif name.endswith(("Exception", "Error")):
                    made = type(name, (Exception,), {})
                else:
                    made = MagicMock(name=f"{self.__name__}.{name}")
                setattr(self, name, made)
                return made

        class StubFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
            def __init__(self, names):
                self.names = names

            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in self.names:
                    return importlib.machinery.ModuleSpec(name, self, is_package=True)

            def create_module(self, spec):
                return StubModule(spec.name)

            def exec_module(self, module):
                pass

        def stand_in():
            """Whether Airflow is not there, and the names above stand in for it."""
            missing = []
            for name in ("airflow", "pendulum"):
                try:
                    __import__(name)
                except ImportError:
                    missing.append(name)
            if missing:
                sys.meta_path.insert(0, StubFinder(missing))
            return "airflow" in missing

        """#
}
